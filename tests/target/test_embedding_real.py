"""docs/embedding.md's builds for rv1126, carried out: somebody else's project gets its Python, and its C program runs.

What they build is what `scons target=rv1126` and its shared=1 build:
it comes from the artifact cache where they ran before.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from crosspython.store.tree import unpack_tree

from tests.conftest import REPOSITORY
from tests.scons.test_embedding import Host
from tests.scons.test_embedding_docs import SNIPPETS
from tests.target.test_rv1126 import scons

# At worst all of Python is built.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
ARM = ("qemu-arm-static", "-cpu", "cortex-a7", "-L", "/usr/arm-linux-gnueabihf")
AARCH64 = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")
BUNDLE = "build/rv1126/python-3.13.5-rv1126.tar.gz"
DAEMON = """\
#include <Python.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <zlib.h>

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest("abc", 3, digest, &size, EVP_sha256(), NULL);
    printf("zlib %08lx, OpenSSL %02x%02x\\n", crc32(0L, (const Bytef *)"abc", 3), digest[0], digest[1]);
    fflush(stdout);
    Py_Initialize();
    int status = PyRun_SimpleString(
        "import hashlib, ssl, sys, zlib\\n"
        "print('Python', sys.version_info[:2], hex(zlib.crc32(b'abc')), hashlib.sha256(b'abc').hexdigest()[:4])");
    return Py_FinalizeEx() != 0 || status != 0;
}
"""


class RealHost(Host):
    """A project of somebody else's that has crosspython as a folder, and the user's own cache."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "third_party").mkdir()
        (folder / "third_party" / "crosspython").symlink_to(REPOSITORY)

    @property
    def environment(self) -> dict[str, str]:
        installed = str(REPOSITORY / "site_scons" / "site_tools")
        return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8", "PYTHONPATH": installed}

    def build(self, snippet: str, *arguments: str) -> str:
        (self.folder / "SConstruct").write_text(snippet)
        run = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=2800,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


def find_snippet(*words: str) -> str:
    [snippet] = [text for text in SNIPPETS if all(word in text for word in words)]
    return snippet


@pytest.fixture
def host(tmp_path: Path) -> RealHost:
    scons("target=rv1126")  # its products are in the cache then
    return RealHost(tmp_path / "host")


@pytest.mark.parametrize("word", ["third_party", "PyPackageDir"])
def test_the_bundle_is_installed_where_the_host_wants_it(host: RealHost, word: str) -> None:
    host.build(find_snippet(word, 'env.Install("image/opt"'), "image/opt")
    assert (host.folder / "image/opt" / Path(BUNDLE).name).is_file()


def test_the_front_doors_nodes_are_built_by_the_hosts_own_names(host: RealHost) -> None:
    host.build(find_snippet('nodes["openssl"]'), "ssl")
    assert len(list((host.folder / "build/rv1126/stages").glob("openssl-3.*.tar.zst"))) == 1
    assert not (host.folder / BUNDLE).exists()


def test_a_board_of_the_hosts_own_gets_a_recipe_of_its_own(host: RealHost) -> None:
    host.add("libfoo")
    (host.folder / "boards").mkdir()
    (host.folder / "boards" / "camera.toml").write_text('extends = "rv1126"\n')
    snippet = find_snippet("camera.toml")
    host.build(
        snippet.replace('target="boards/camera.toml"', 'target="boards/camera.toml", mirror="mirror"'),
        "build/camera/stages/libfoo-1.0.tar.zst",
    )
    assert (host.folder / "build/camera/stages/libfoo-1.0.tar.zst").is_file()


@pytest.mark.xdist_group("board")  # which build for an rk3568 too: what the one has built, the other finds in the cache
def test_two_boards_and_two_pythons_in_one_run(tmp_path: Path) -> None:
    """The second Python would take minutes more, so it is planned and not built."""
    host = RealHost(tmp_path / "host")
    snippet = find_snippet("Alias", "rk3568")
    host.build(snippet, "python-rv1126-3.13", "python-rk3568-3.13")
    asked = "import platform, ssl, zlib; print(platform.machine(), platform.python_version_tuple()[1])"
    answers = [
        run_in_emulator(host.folder / "build" / bundle, emulator, asked)
        for bundle, emulator in (
            ("rv1126/python-3.13.5-rv1126.tar.gz", ARM),
            ("rk3568/python-3.13.5-rk3568.tar.gz", AARCH64),
        )
    ]
    assert answers == ["armv7l 13", "aarch64 13"]
    assert "packing python-3.11.2-rv1126.tar.gz" in host.build(snippet, "-n")


def run_in_emulator(bundle: Path, emulator: Sequence[str], code: str) -> str:
    """The output of a bundle's Python."""
    tree = bundle.with_suffix(".tree")
    unpack_tree(bundle, tree)
    run = subprocess.run(
        [*emulator, str(tree / "python/bin/python3"), "-c", code],
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return run.stdout.strip()


def test_the_firmwares_program_uses_zlib_and_openssl_and_embeds_python(host: RealHost) -> None:
    (host.folder / "daemon.c").write_text(DAEMON)
    host.build(find_snippet("daemon.c"))
    unpack_tree(host.folder / BUNDLE, host.folder / "opt")
    tree = host.folder / "opt/python"
    options = ["-L", "/usr/arm-linux-gnueabihf", "-E", f"LD_LIBRARY_PATH={tree}/lib", "-E", f"PYTHONHOME={tree}"]
    run = subprocess.run(
        ["qemu-arm-static", *options, str(host.folder / "daemon")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert run.stdout == "zlib 352441c2, OpenSSL ba78\nPython (3, 13) 0x352441c2 ba78\n"
    assert host.build(find_snippet("daemon.c")).count("is up to date") == 2
