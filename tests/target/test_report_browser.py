"""The report in a real browser: it draws, and says what it should, from one file and without a network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.slow


def test_a_browser_shows_the_report(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.add("base")
    project.add("user", options='depends=["base"]')
    with (project.folder / "SConstruct").open("a") as file:
        file.write('env.Alias("report", env.Report())\n')
    project.scons()
    project.scons("report")
    report = project.folder / "build/rv1126/report.html"
    browser = shutil.which("chromium")
    assert browser, "chromium is in packages-tests.txt"
    picture, printed, narrow = (tmp_path / name for name in ("report.png", "report.pdf", "narrow.html"))

    def show(page: Path, *what: str, width: int = 1000) -> str:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        place = [f"--window-size={width},1000", f"--user-data-dir={tmp_path}/profile"]
        command = [browser, *options, *place, *what, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    shown = show(report, f"--screenshot={picture}", "--dump-dom")
    assert shown.count("<rect") == 2
    assert "base 1.0 (" in shown
    assert picture.stat().st_size > 5000
    show(report, f"--print-to-pdf={printed}")
    assert printed.read_bytes().startswith(b"%PDF")

    page = "document.documentElement"  # nothing has to be moved sideways, and the text is light on a dark ground
    ask = f"({page}.scrollWidth <= {page}.clientWidth) + ' ' + getComputedStyle(document.body).color"
    narrow.write_text(f"{report.read_text()}<script>document.title = ({ask})</script>")
    for scheme, color in (("0", "rgb(255, 255, 255)"), ("1", "rgb(0, 0, 0)")):
        shown = show(narrow, "--dump-dom", f"--blink-settings=preferredColorScheme={scheme}", width=500)
        assert f"<title>true {color}</title>" in shown
