"""What a build says at its end."""

from __future__ import annotations

import shlex
from pathlib import Path

from crosspython.builders.products import describe_delivery


def test_the_commands_for_the_board_can_be_pasted_from_a_folder_with_blanks(tmp_path: Path) -> None:
    product = tmp_path / "my büild" / "python-3.13.5-rv1126.tar.gz"
    summary = tmp_path / "summary.txt"
    summary.write_text("size:    1 MB\n")
    lines = describe_delivery(product, summary, "/opt/python")
    scp = next(line for line in lines if "scp " in line)
    assert shlex.split(scp) == ["scp", str(product), "root@BOARD:/tmp/"]
