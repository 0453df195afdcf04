"""Engines: what a project says of itself, how its backend is called, and what keeps it off the network."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.wheels.building.engines import Engine, stated_requirements

PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log(tmp_path / "foo-1.0.log")
    log.step("build")
    return log


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


def make_engine() -> Engine:
    return Engine("cross", Path(sys.executable), {"PATH": os.defpath, "ASKED": "yes"}, 60)


def test_a_project_without_a_build_system_is_setuptools(tmp_path: Path, log: Log) -> None:
    (tmp_path / "setup.py").touch()
    assert stated_requirements(tmp_path, log) == ("setuptools >= 40.8.0",)


def test_a_folder_without_a_project_is_told_with_its_log(tmp_path: Path, log: Log) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=r"foo-1\.0: not a Python project") as caught:
        stated_requirements(tmp_path / "empty", log)
    assert caught.value.log == log.path


def test_the_backend_sees_the_engines_environment_and_the_settings(source: Path, tmp_path: Path, log: Log) -> None:
    (source / "backend.py").write_text(
        "import os\n"
        "def get_requires_for_build_wheel(settings=None): return [os.environ['ASKED'], settings['x']]\n"
        "def build_wheel(folder, settings=None, metadata=None): return 'foo-1.0-py3-none-any.whl'\n"
    )
    engine = make_engine()
    assert engine.ask_requirements(source, {"x": "more"}, log) == ("more", "yes")
    assert engine.build(source, tmp_path / "dist", {}, log) == tmp_path / "dist/foo-1.0-py3-none-any.whl"


def test_what_keeps_a_build_to_itself_stands_before_each_call(source: Path, tmp_path: Path, log: Log) -> None:
    (source / "backend.py").write_text(
        "import os\n"
        "def build_wheel(*_): open('seen', 'w').write(os.environ['SAID']); return 'foo-1.0-py3-none-any.whl'\n"
    )
    replace(make_engine(), before=lambda environment, folder: ("env", "SAID=before")).build(
        source, tmp_path / "dist", {}, log
    )
    assert (source / "seen").read_text() == "before"


def test_a_failed_backend_is_a_step_that_failed_with_its_last_lines(source: Path, tmp_path: Path, log: Log) -> None:
    (source / "backend.py").write_text("def build_wheel(*_): raise SystemExit('no luck')\n")
    with pytest.raises(StepError) as caught:
        make_engine().build(source, tmp_path / "dist", {}, log)
    assert caught.value.evidence[-1] == "no luck"


def test_a_backend_that_is_not_there_is_told(source: Path, tmp_path: Path, log: Log) -> None:
    with pytest.raises(StepError, match="its build backend cannot be called"):
        make_engine().build(source, tmp_path / "dist", {}, log)
