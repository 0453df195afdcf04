"""docs/embedding.md: every snippet is a whole SConstruct, and plans what the text says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, copy_example
from tests.scons.test_embedding import Host

SNIPPETS = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs/embedding.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(1, len(SNIPPETS) + 1))
def test_a_snippet_is_a_whole_build(tmp_path: Path, snippet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path / "host")
    host.add("libfoo")
    (host.folder / "third_party").mkdir()
    (host.folder / "third_party" / "crosspython").symlink_to(REPOSITORY)
    (host.folder / "boards").mkdir()
    (host.folder / "boards" / "camera.toml").write_text('extends = "rv1126"\n')
    (host.folder / "daemon.c").write_text("#include <zlib.h>\nint main(void) { return 0; }\n")
    (host.folder / "SConstruct").write_text(snippet)
    installed = REPOSITORY / "site_scons" / "site_tools"
    monkeypatch.setattr(Host, "environment", host.environment | {"PYTHONPATH": str(installed)})
    output = host.scons("-n")
    packed = re.findall(r"^packing (\S+)", output, re.MULTILINE)
    wanted = len(re.findall(r"rk3568|rv1126|camera", snippet)) if "env.Bundle" in snippet else 0
    assert len(packed) == wanted, output
    assert ("daemon.o" in output) == ("daemon" in snippet)
    # What only wheels need is declared, too, and a plain `scons` is none of those who ask for it.
    assert "building zlib" in output and not re.search(r"building (openblas|geos|hdf5|libtiff) ", output), output
    assert not (host.folder / "build").exists()


def test_the_example_plans_its_daemon_its_python_and_its_image(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", "-n"],
        cwd=copy_example(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for step in ("-o build/healthd.o", "packing python-3.13.5-rv1126.tar.gz", "making the image build/rootfs.cpio"):
        assert step in run.stdout
    assert "openblas" not in run.stdout
