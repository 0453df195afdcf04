"""The steps that finish a stage, on trees without symbols: objcopy is a stand-in, patchelf has nothing to do."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from crosspython.finish.stage import FinishReport, finish_stage

from tests.unit.made_elf import make_archive, make_elf

EPOCH = 1700000000


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    objcopy = tmp_path / "tools/arm-linux-gnueabihf-objcopy"
    objcopy.parent.mkdir()
    objcopy.write_text(f'#!/bin/sh\ntest -w "$3" && echo "$*" >>"{tmp_path}/calls"\n')
    objcopy.chmod(0o755)
    folder = tmp_path / "work/zlib/dest/opt/python"
    for name in ("bin", "lib/pkgconfig", "include"):
        (folder / name).mkdir(parents=True)
    return folder


def finish(stage: Path, tmp_path: Path) -> FinishReport:
    return finish_stage(
        stage,
        tools=tmp_path / "tools",
        triplet="arm-linux-gnueabihf",
        replace={str(tmp_path / "work"): "/usr/src"},
        prefix="/opt/python",
        debug=tmp_path / "debug",
        epoch=EPOCH,
    )


def test_libtools_files_go(stage: Path, tmp_path: Path) -> None:
    (stage / "lib/libffi.la").write_text("dlname='libffi.so.8'\n")
    assert finish(stage, tmp_path).removed == 1 and not (stage / "lib/libffi.la").exists()


def test_folders_of_the_build_machine_are_replaced_in_text(stage: Path, tmp_path: Path) -> None:
    (stage / "include/config.h").write_text(f'#define BUILT "{tmp_path}/work/zlib/src"\n#define AT "{stage}/lib"\n')
    finish(stage, tmp_path)
    assert (
        stage / "include/config.h"
    ).read_text() == '#define BUILT "/usr/src/zlib/src"\n#define AT "/opt/python/lib"\n'


def test_binaries_are_not_edited(stage: Path, tmp_path: Path) -> None:
    data = b"\0" + str(tmp_path / "work").encode()
    (stage / "lib/data.bin").write_bytes(data)
    finish(stage, tmp_path)
    assert (stage / "lib/data.bin").read_bytes() == data


def test_pc_files_become_relocatable_by_their_depth(stage: Path, tmp_path: Path) -> None:
    (stage / "lib/pkgconfig/zlib.pc").write_text("prefix=/opt/python\nlibdir=/opt/python/lib\n")
    finish(stage, tmp_path)
    text = (stage / "lib/pkgconfig/zlib.pc").read_text()
    assert text == "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\n"


def test_scripts_find_their_interpreter_beside_them(stage: Path, tmp_path: Path) -> None:
    (stage / "bin/pip3").write_text("#!/opt/python/bin/python3.13\nimport pip\n")
    (stage / "bin/pip3").chmod(0o755)
    finish(stage, tmp_path)
    assert '/." && pwd)/python3.13" "$0" "$@"' in (stage / "bin/pip3").read_text()


def test_a_build_pythons_script_is_rewritten_before_its_path_is_lost(stage: Path, tmp_path: Path) -> None:
    (stage / "bin/pip3").write_text(f"#!{tmp_path}/work/build-python/bin/python3.13\nimport pip\n")
    (stage / "bin/pip3").chmod(0o755)
    finish(stage, tmp_path)
    assert (stage / "bin/pip3").read_text().startswith("#!/bin/sh\n''':'\n")


@pytest.mark.parametrize("target", ["/opt/python/bin/bzgrep", "{stage}/bin/bzgrep"])
def test_absolute_links_into_the_prefix_become_relative(stage: Path, tmp_path: Path, target: str) -> None:
    (stage / "lib/link").symlink_to(target.format(stage=stage))
    assert finish(stage, tmp_path).relinked == 1
    assert str((stage / "lib/link").readlink()) == "../bin/bzgrep"


def test_a_read_only_text_is_rewritten_and_stays_read_only(stage: Path, tmp_path: Path) -> None:
    path = stage / "include/config.h"
    path.write_text(str(stage))
    path.chmod(0o444)
    finish(stage, tmp_path)
    assert path.read_text() == "/opt/python" and stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_read_only_library_can_be_stripped_and_stays_read_only(stage: Path, tmp_path: Path) -> None:
    path = stage / "lib/libz.a"
    path.write_bytes(make_archive({}))
    path.chmod(0o444)
    assert finish(stage, tmp_path).stripped == 1 and "libz.a" in (tmp_path / "calls").read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_bytecode_of_a_rewritten_module_goes(stage: Path, tmp_path: Path) -> None:
    (stage / "lib/__pycache__").mkdir()
    (stage / "lib/__pycache__/_sysconfigdata.cpython-313.pyc").write_bytes(b"old")
    (stage / "lib/_sysconfigdata.py").write_text(f"CC = '{stage}'\n")
    finish(stage, tmp_path)
    assert list((stage / "lib/__pycache__").iterdir()) == []


def test_everything_gets_one_time(stage: Path, tmp_path: Path) -> None:
    (stage / "lib/libz.so.1").write_bytes(make_elf())
    (stage / "lib/libz.so").symlink_to("libz.so.1")
    finish(stage, tmp_path)
    times = {os.lstat(path).st_mtime for path in (stage, stage / "lib", stage / "lib/libz.so", stage / "lib/libz.so.1")}
    assert times == {EPOCH}


def test_a_second_time_changes_nothing(stage: Path, tmp_path: Path) -> None:
    (stage / "lib/pkgconfig/zlib.pc").write_text("prefix=/opt/python\n")
    (stage / "bin/pip3").write_text("#!/opt/python/bin/python3.13\nimport pip\n")
    (stage / "bin/pip3").chmod(0o755)
    (stage / "lib/link").symlink_to("/opt/python/bin/pip3")
    assert finish(stage, tmp_path) != FinishReport(0, 0, 0, 0, 0, 0, 0)
    assert finish(stage, tmp_path) == FinishReport(0, 0, 0, 0, 0, 0, 0)


def test_the_report_is_a_line_with_the_numbers() -> None:
    text = str(FinishReport(1, 2, 3, 4, 5_600_000, 6, 7))
    assert "stripped 4 files (5.6 MB saved)" in text and "\n" not in text
