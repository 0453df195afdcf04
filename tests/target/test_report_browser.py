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
    picture = tmp_path / "report.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1000,1000"]
    shown = subprocess.run(
        [
            browser,
            *options,
            f"--user-data-dir={tmp_path}/profile",
            f"--screenshot={picture}",
            "--dump-dom",
            report.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.count("<rect") == 2
    assert "base 1.0 (" in shown.stdout
    assert picture.stat().st_size > 5000
