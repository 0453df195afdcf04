"""The workshop for components and wheels in tests: the real target's, with sources that builds have fetched."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from crosspython.run.console import Console
from crosspython.run.jobserver import Jobserver
from crosspython.store.fetch import Store
from crosspython.targets import load_target
from crosspython.workshop import Workshop

DOWNLOADS = Path("~/.cache/crosspython/sources").expanduser()  # as builds have it by default


def open_workshop(folder: Path) -> Workshop:
    """A workshop for rv1126 below a folder, with two jobs."""
    return Workshop(
        target=load_target("rv1126", Path()),
        store=Store(DOWNLOADS),
        jobserver=Jobserver(2),
        console=Console(quiet=True),
        work=folder / "work",
        logs=folder / "logs",
        sites=folder / "sites",
        path=os.environ["PATH"],
    )


def stage_archives(build: Path, names: Iterable[str]) -> dict[str, Path]:
    """The newest stage archives of components in build/<target>, by name; a version may have hyphens, too."""
    found = {name: sorted((build / "stages").glob(f"{name}-[0-9]*[0-9].tar.zst")) for name in names}
    return {name: paths[-1] for name, paths in found.items()}
