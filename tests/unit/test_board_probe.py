"""The question to a board itself, put to this machine's shell with programs first on its PATH that answer
as boards do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.board.address import parse_address
from crosspython.board.facts import BoardFacts, Places, ask_board
from crosspython.board.manifest import NAME, Item
from crosspython.board.ssh import Session
from crosspython.targets.libc import Libc

from tests.unit.test_board_facts import NEEDS
from tests.unit.test_ssh import RUN

Ask = Callable[..., BoardFacts]
GLIBC_2_36 = (
    "ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\nCopyright (C) 2022 Free Software Foundation, Inc."
)
GLIBC_2_31 = "--version: error while loading shared libraries: --version: cannot open shared object file"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs that the board has before others."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.fixture
def asked(tmp_path: Path, programs: Path) -> Ask:
    def asked(prefix: str = f"{tmp_path}/opt/python", **needs: object) -> BoardFacts:
        write(tmp_path / "ssh/ssh", RUN + f'PATH={programs}:$PATH; exec sh -c "$last"')
        path = f"{tmp_path}/ssh:{os.defpath}"
        with Session(parse_address("board"), config=None, path=path, logs=tmp_path / "logs") as session:
            return ask_board(session, Places(prefix), replace(NEEDS, **{"interpreters": (), **needs}))

    return asked


def write(path: Path, script: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_words_of_uname_and_date_are_told(asked: Ask, programs: Path) -> None:
    write(programs / "uname", "case $1 in -m) echo aarch64 ;; -r) echo 5.10.160_custom ;; esac")
    write(programs / "date", "echo 200")
    found = asked()
    assert (found.machine, found.kernel, found.clock) == ("aarch64", "5.10.160_custom", 200)


def test_a_loader_that_starts_is_told_and_with_it_its_libcs_version(asked: Ask, tmp_path: Path) -> None:
    newer = write(tmp_path / "ld-newer.so.1", f"[ $1 = --version ] && echo '{GLIBC_2_36}'")
    found = asked(interpreters=(newer,))
    assert (found.running_loaders, found.dead_loaders, found.libc) == ((newer,), (), Libc("glibc", "2.36"))


def test_an_older_loader_runs_the_libc_to_tell(asked: Ask, tmp_path: Path) -> None:
    says = "GNU C Library (Vendor version 7) stable release version 2.31, by Roland McGrath et al."
    older = write(
        tmp_path / "ld.so.3", f"[ $1 = --version ] && {{ echo '{GLIBC_2_31}' >&2; exit 127; }}; echo '{says}'"
    )
    found = asked(interpreters=(older,))
    assert (found.running_loaders, found.libc) == ((older,), Libc("glibc", "2.31"))


def test_a_loader_of_another_machine_does_not_start(asked: Ask, tmp_path: Path) -> None:
    other = write(tmp_path / "ld.so.3", f"echo '{tmp_path}/ld.so.3: Exec format error' >&2; exit 126")
    found = asked(interpreters=(other, "/nonexistent/ld.so.1"))
    assert (found.running_loaders, found.missing_loaders) == ((), ("/nonexistent/ld.so.1",))
    assert found.dead_loaders == (f"{other}: {other}: Exec format error",)


def test_a_place_that_can_be_used_is_left_as_it_was(asked: Ask, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    found = asked()
    assert (found.not_writable, found.not_executable, found.no_links) == (None, None, None)
    assert list((tmp_path / "opt").iterdir()) == []


def test_a_place_where_no_file_can_be_made_is_found_by_trying(asked: Ask) -> None:
    assert (asked("/proc/python").not_writable or "").startswith("/proc: ")


def test_a_place_where_no_program_starts_is_found_by_trying(asked: Ask, programs: Path) -> None:
    write(programs / "chmod", "exit 0")  # as where the file system is mounted with noexec
    assert "ermission denied" in (asked().not_executable or "")


def test_a_place_without_links_is_found_by_trying(asked: Ask, programs: Path) -> None:
    write(programs / "ln", 'echo "ln: $3: Operation not permitted" >&2; exit 1')  # as on FAT
    assert (asked().no_links or "").endswith(": Operation not permitted")


def test_a_package_that_was_replaced_is_told_by_its_record(asked: Ask, tmp_path: Path) -> None:
    packages = "lib/python3.13/site-packages"
    here, gone = (f"{packages}/{name}-1.0.dist-info/RECORD" for name in ("setuptools", "pip"))
    (tmp_path / "opt/python" / here).parent.mkdir(parents=True)
    (tmp_path / "opt/python" / here).touch()
    lines = [Item(name, 0o644, "ab", 3).line() for name in (here, gone, "bin/python3")]
    (tmp_path / "opt/python" / NAME).write_text("\n".join([*lines, ""]))
    assert asked().replaced == (gone,)
