"""docs/debugging.md, followed to the letter: GDB here stops in an extension module on the board."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.board.bringing import BUILD, build_bundle
from tests.board.conftest import kept, running
from tests.board.machine import MODELS, Board
from tests.board.packages import Packages
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
PAGE = REPOSITORY / "docs/debugging.md"
LIBRARIES = ("libstdc++6", "libgcc-s1")  # gdbserver's


def block(language: str) -> str:
    """The page's only block in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return found


def put_gdbserver(board: Board, folder: Path) -> None:
    with kept(MODELS["armv7l"]) as place:
        Packages("armhf", place / "apt").unpack(("gdbserver", *LIBRARIES), folder)
    files = [next(folder.rglob(name)) for name in ("bin/gdbserver", "libstdc++.so.6.*", "libgcc_s.so.1")]
    packed = subprocess.run(
        ["tar", "-cf", "-", *(part for file in files for part in ("-C", file.parent, file.name))],
        check=True,
        capture_output=True,
    ).stdout
    board.command("tar -C /lib -xf - && cd /lib && ln -s libstdc++.so.6.* libstdc++.so.6", data=packed)
    board.command("printf '#!/bin/sh\\nexec /lib/gdbserver \"$@\"\\n' > /bin/gdbserver && chmod +x /bin/gdbserver")


def test_gdb_stops_in_an_extension_module_with_sources_and_pythons_calls(tmp_path: Path) -> None:
    bundle, _ = build_bundle()
    run = ["scons", "-Q", "target=rv1126", f"build={BUILD}", f"downloads={tmp_path / 'sources'}"]
    subprocess.run([*run, "debug"], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, timeout=600)
    subprocess.run([*run, "fetch"], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, timeout=600)
    (tmp_path / "build").symlink_to(BUILD)
    with running("armv7l") as board:
        put_gdbserver(board, tmp_path / "server")
        board.command("mkdir -p /opt && tar -C /opt -xzf -", data=bundle.read_bytes())
        ssh = f"ssh -F {board.config} -p {board.port} root@127.0.0.1"
        prepare = block("sh").replace("ssh root@BOARD", ssh).replace("~/.cache/crosspython/sources", "sources")
        subprocess.run(["sh", "-ec", prepare], cwd=tmp_path, check=True, timeout=300)
        (tmp_path / "gdb/commands").write_text(block("gdb").replace("ssh root@BOARD", ssh))
        gdb = subprocess.run(
            ["gdb-multiarch", "-q", "-batch", "-x", "commands"],
            cwd=tmp_path / "gdb",
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert re.search(r"Breakpoint 1, _ssl__SSLContext \(type=.* at \./Modules/clinic/_ssl\.c\.h:\d+", gdb.stdout), gdb
    assert "\n773\t_ssl__SSLContext(" in gdb.stdout
    assert 'File "/opt/python/lib/python3.13/ssl.py", line 698, in create_default_context' in gdb.stdout
