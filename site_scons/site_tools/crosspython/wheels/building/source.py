"""The source of a package, unpacked into the folder of its build. Paths belong to the build machine."""

from __future__ import annotations

from pathlib import Path

from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.store.archive import unpack_archive
from crosspython.wheels.building.crates import put_locks
from crosspython.wheels.model import WheelOrder
from crosspython.wheels.project_files import ProjectFiles


def unpack_source(order: WheelOrder, folder: Path, log: Log) -> Path:
    """Unpack or copy a package's source into a new folder, with the lock files of its crates that it lacks. Returns the
    folder of the package, which may be deeper. Raises ArchiveError, StepError."""
    if isinstance(order.source, ProjectFiles):
        source = _copy(order, order.source, folder, log)
    else:
        unpack_archive(order.source, folder, strip=1, leave_out=order.override.leave_out)
        source = folder
    put_locks(source, order.crates.locks if order.crates is not None else {})
    return source


def _copy(order: WheelOrder, files: ProjectFiles, folder: Path, log: Log) -> Path:
    """Copy a local project's files. They must be unchanged since the run began, because the product's key is made of
    them."""
    source, found = files.copy(folder)
    if order.source_hash not in (None, found):
        raise StepError(
            f"{order.package.title}: files of {files.project} changed since this run began",
            log=log.path,
            next="run the same command again",
        )
    return source
