"""The data that all builds of one run share: the target, the sources, the pool of jobs, the folders and the console.

Components and wheels are built in it. All paths belong to the build machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crosspython.run.console import Console
from crosspython.run.isolation import Contain
from crosspython.run.jobserver import Jobserver
from crosspython.run.journal import Journal
from crosspython.store.fetch import Store
from crosspython.targets import Target

# The time of all files in all products, independent of the clock: 2020-01-01, after zip's epoch and before any board's
# clock.
EPOCH = 1577836800

# The folder of licence texts, below the prefix.
LICENSES = "share/licenses"

# Folders that every Linux has: their names tell nothing about this build machine.
SYSTEM_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin")


@dataclass(frozen=True)
class Workshop:
    """The data that all components of one build share. All paths belong to the build machine.

    work:   the folder in which components are unpacked and built; autoconf and make accept the characters of its path
    sites:  the folder with the answers that configure scripts share
    path:   the PATH of the build machine's own tools
    launcher: variables that put a compiler launcher in front of the cross compiler
    contain: whether builds are isolated from this machine's files, network and processes
    """

    target: Target
    store: Store
    jobserver: Jobserver
    console: Console
    work: Path
    logs: Path
    sites: Path
    path: str
    launcher: Mapping[str, str] = field(default_factory=dict)
    contain: Contain = "auto"
    journal: Journal = field(default_factory=Journal)
