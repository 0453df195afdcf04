"""What all builds of one run share: the target, the sources, the pool of jobs, and where work is done and told.

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

# Every product carries this time, whatever the clock says: 2020-01-01, after zip's epoch and before any board's clock.
EPOCH = 1577836800

# Where the texts of licences lie, below the prefix.
LICENSES = "share/licenses"

# Folders that every Linux has: their names say nothing of this build machine.
SYSTEM_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin")


@dataclass(frozen=True)
class Workshop:
    """What all components of one build share. All paths belong to the build machine.

    work:   where components are unpacked and built; a path that autoconf and make can bear
    sites:  where the answers lie that configure scripts share
    path:   the PATH of the build machine's own tools
    launcher: variables that put a compiler launcher in front of the cross compiler
    contain: whether builds are kept from this machine's files, network and processes
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
