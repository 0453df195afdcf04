"""The last lines of a build."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest
from crosspython.builders.products import describe_age, describe_delivery, describe_licenses, summarize
from crosspython.finish.board_needs import BoardNeeds
from crosspython.recipes.plan import Plan
from crosspython.recipes.recipe import Recipe
from crosspython.recipes.release import Support
from crosspython.stages.bundle import BundleReport

from tests.unit.made_toolchain import VENDORS


def test_the_commands_for_the_board_can_be_pasted_from_a_folder_with_blanks(tmp_path: Path) -> None:
    product = tmp_path / "my büild" / "python-3.13.5-rv1126.tar.gz"
    summary = tmp_path / "summary.txt"
    summary.write_text("size:    1 MB\n")
    lines = describe_delivery(product, summary, "/opt/python")
    scp = next(line for line in lines if "scp " in line)
    assert shlex.split(scp) == ["scp", str(product), "root@BOARD:/tmp/"]


def test_what_the_boards_shell_gets_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "summary.txt").touch()
    *_, ssh = describe_delivery(tmp_path / "python.tar.gz", tmp_path / "summary.txt", "/opt/it's $py")
    assert shlex.split(shlex.split(ssh)[2])[-2:] == ["/opt/it's $py/bin/python3", "-V"]


@pytest.mark.parametrize("slim", ["1", "pyc"])
def test_the_last_lines_say_what_is_left_out(slim: str) -> None:
    needs = BoardNeeds(("EM_ARM",), ("/lib/ld-linux-armhf.so.3",), ("libc.so.6",), {}, None)
    report = BundleReport(archive=10_000_000, unpacked=30_000_000, tests=69_000_000, saved=5_000_000, needs=needs)
    text = "\n".join(summarize(report, slim, VENDORS))
    assert "CPython's own tests, tkinter, turtle, idlelib: 69.0 MB" in text
    assert f"slim={slim} saved 5.0 MB: it leaves out" in text and "pydoc" in text and "ensurepip" in text
    assert ("the .py beside the .pyc" in text) == (slim == "pyc")
    assert "saved" not in "\n".join(summarize(report, "0", VENDORS))


def test_the_last_lines_say_what_the_components_are_licensed_under(tmp_path: Path) -> None:
    def recipe(name: str, license: str) -> Recipe:
        return Recipe(name, "1", (), Plan(()), license=license)

    recipes = [recipe("cpython", "Python-2.0.1"), recipe("zlib", "Zlib"), recipe("mine", ""), recipe("alib", "Zlib")]
    assert describe_licenses(recipes) == (
        "licences:  Python-2.0.1 (cpython), Zlib (alib, zlib), not stated (mine); their texts are in share/licenses"
    )


def test_the_last_lines_say_that_a_python_is_old_and_which_is_not() -> None:
    support = Support("3.9", date(2025, 10, 31), 596)
    assert describe_age(support, date(2025, 10, 31)) == []
    (line,) = describe_age(support, date(2026, 11, 30))
    assert line.startswith("old      Python 3.9: no security fixes since 2025-10-31 (PEP 596); python=3.11 until 2027")
    assert "3.10" not in line and "python=3.15 until 2031-10-31" in line
    (line,) = describe_age(support, date(2040, 1, 1))
    assert line.endswith("(PEP 596)")
