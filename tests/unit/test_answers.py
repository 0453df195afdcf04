"""Answers that configure scripts share: the questions to the compiler, and the answers from its output."""

from __future__ import annotations

import subprocess
from pathlib import Path

from crosspython.toolchain.answers import DECIDED, read_answers, write_questions

MACROS = "#define __BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__\n#define __stub_gtty \n"


def answers(folder: Path) -> dict[str, str]:
    return dict(line.split("=") for line in read_answers(folder, None).removeprefix(DECIDED).splitlines())


def test_every_question_is_a_file_that_a_call_names(tmp_path: Path) -> None:
    calls = write_questions(tmp_path)
    named = {word for call in calls for word in call if word.endswith(".c")}
    assert named == {path.name for path in tmp_path.iterdir()}


def test_a_header_that_compiled_is_there(tmp_path: Path) -> None:
    (tmp_path / "sys_types_h.s").touch()
    assert answers(tmp_path) == {"ac_cv_header_sys_types_h": "yes"}


def test_nothing_is_said_of_what_did_not_compile(tmp_path: Path) -> None:
    write_questions(tmp_path)
    assert answers(tmp_path) == {}


def test_byte_order_is_the_compilers(tmp_path: Path) -> None:
    (tmp_path / "macros.txt").write_text(MACROS)
    assert answers(tmp_path) == {"ac_cv_c_bigendian": "no"}
    (tmp_path / "macros.txt").write_text(MACROS.replace("LITTLE", "BIG"))
    assert answers(tmp_path) == {"ac_cv_c_bigendian": "yes"}


def test_no_size_hangs_on_a_macro_that_scripts_define(tmp_path: Path) -> None:
    write_questions(tmp_path)
    asked = (tmp_path / "sizes.c").read_text()
    assert [name for name in ("off_t", "time_t", "fpos_t", "ino_t") if f"({name})" in asked] == []


def test_a_shell_reads_the_answers(tmp_path: Path) -> None:
    (tmp_path / "sys_types_h.s").touch()
    (tmp_path / "answers").write_text(read_answers(tmp_path, None))
    script = f'. "{tmp_path}/answers"; echo "$ac_cv_header_sys_types_h"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "yes\n"


def test_no_script_looks_for_a_larger_time_or_fails_where_there_is_none(tmp_path: Path) -> None:
    assert "enable_year2038=no" in read_answers(tmp_path, None).splitlines()
