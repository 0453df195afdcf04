"""Paths that a lock or a wheel names stay in the folder to which they are joined."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from crosspython.errors import StepError
from crosspython.wheels.building.crates import put_locks
from crosspython.wheels.building.overlay import take_target_files


@pytest.mark.parametrize("place", ["../Cargo.lock", "{}/Cargo.lock", "away/Cargo.lock", "Cargo.lock"])
def test_a_lock_of_crates_is_written_into_the_source_only(tmp_path: Path, place: str) -> None:
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    source.mkdir()
    elsewhere.mkdir()
    (source / "away").symlink_to(elsewhere)
    (source / "Cargo.lock").symlink_to(elsewhere / "Cargo.lock")
    with pytest.raises(StepError, match="not in the package's source"):
        put_locks(source, {place.format(elsewhere): "# harmless\n"})
    assert not list(elsewhere.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "source"]


def test_files_of_a_target_wheel_come_into_the_overlay_only(tmp_path: Path) -> None:
    overlay, elsewhere = tmp_path / "overlay", tmp_path / "elsewhere"
    (overlay / "numpy").mkdir(parents=True)
    elsewhere.mkdir()
    (overlay / "away").symlink_to(elsewhere)
    with zipfile.ZipFile(tmp_path / "numpy.whl", "w") as wheel:
        for name in ("numpy/a.h", f"{elsewhere}/b.h", "../elsewhere/c.h", "away/d.h"):
            wheel.writestr(name, "/* harmless */")
    take_target_files(tmp_path / "numpy.whl", overlay)
    assert (overlay / "numpy/a.h").is_file()
    assert not list(elsewhere.iterdir())
