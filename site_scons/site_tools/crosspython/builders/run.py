"""Run: what the actions of one build share while SCons runs: the lock, the workshop, the console, the pool of jobs."""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import SCons.Script

from crosspython.builders.settings import USERS_FOLDER, Settings
from crosspython.errors import ConfigurationError
from crosspython.run.console import Console
from crosspython.run.jobserver import Jobserver
from crosspython.run.journal import Journal, read_journal
from crosspython.run.lock import BuildLock
from crosspython.run.progress import Progress
from crosspython.store.fingerprints import Fingerprints
from crosspython.toolchain.launcher import LAUNCHERS, launcher_environment

if TYPE_CHECKING:
    from crosspython.store.artifacts import Artifacts
    from crosspython.wheels.building.kit import Kit
    from crosspython.wheels.resolving.indexes import Indexes
    from crosspython.workshop import Workshop

# The characters that autoconf, libtool and make accept in the path of their working folder.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")

_MAKING = threading.Lock()
# The pools of jobs of this process, by their size.
_POOLS: dict[int, Jobserver] = {}

# SCons's options under which a run changes nothing, or only removes files.
_LOOKS = ("no_exec", "question", "help", "clean")


def _jobserver(jobs: int, build: Path) -> Jobserver:
    """One pool for all targets and Pythons of this run. Its FIFO is in the build folder that first needs one: a run
    that was killed left its own there, and this run, which holds the folder, removes it."""
    if jobs not in _POOLS:
        for fifo in build.glob("crosspython-*/jobs"):
            shutil.rmtree(fifo.parent, ignore_errors=True)
        _POOLS[jobs] = Jobserver(jobs, build)
    return _POOLS[jobs]


@cache
def _use_temporary_folder(build: Path) -> None:
    """Put the temporary files of this process below the build folder, if the user does not say where (TMPDIR): a run
    that was killed left its own there, and this run, which holds the folder, removes them."""
    place = build.absolute() / "tmp"
    if "TMPDIR" in os.environ or not PLAIN_PATH.fullmatch(str(place)):
        return
    shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):  # a full disk: what needs a temporary file will tell
        place.mkdir()
        tempfile.tempdir = str(place)
        atexit.register(shutil.rmtree, place, ignore_errors=True)


def _own_folder(build: Path) -> Path:
    """A folder for temporary files, always the same for a build folder, so that runs leave only one behind.
    Raises ConfigurationError if it is not the user's own."""
    digest = hashlib.sha256(os.fsencode(build.absolute())).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"crosspython-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o022:
        raise ConfigurationError(
            f"{folder}: the folder for temporary files is not this user's own",
            next="remove it, or name another place: TMPDIR=FOLDER",
        )
    return folder


@cache
def _console(quiet: bool, stream: TextIO) -> Console:
    """One console for the process, so that lines of several threads are not mixed."""
    return Console(stream, quiet, has_failed=lambda: bool(SCons.Script.GetBuildFailures()))


@cache
def _fingerprints(folder: Path) -> Fingerprints:
    """One for all targets and Pythons of a build folder."""
    return Fingerprints(folder)


@dataclass
class SconsRun:
    """environment: our own SCons environment, which gives access to SCons's options

    progress:    returns the titles of all wanted things, and the titles of those whose product does not exist yet
    lock:        the lock on the build folder, held from the first action on; the standalone front door takes it earlier
    work_lock:   the lock on the work folder, if other builds use the same one
    artifacts:   the artifact cache
    index_options: pip's options about indexes, from the requirements files of the request
    has_whole_sdk: our copy of the SDK was compared with its fingerprint in this run
    own_jobs:    what -j said, where SCons was told to start more actions, because a farm builds, too
    """

    settings: Settings
    environment: Any
    progress: Callable[[], tuple[list[str], list[str]]]
    lock: BuildLock | None = None
    work_lock: BuildLock | None = None
    opened: Workshop | None = None
    shared_kit: Kit | None = None
    artifacts: Artifacts | None = None
    index_options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_whole_sdk: bool = False
    own_jobs: int | None = None

    @property
    def only_looks(self) -> bool:
        """Whether this run changes nothing, or only removes files."""
        return any(self.environment.GetOption(option) for option in _LOOKS)

    @property
    def keeps_going(self) -> bool:
        """Whether the run continues after a failure with all steps that do not depend on the failed one (-k)."""
        return bool(self.environment.GetOption("keep_going"))

    @property
    def only_removes(self) -> bool:
        return bool(self.environment.GetOption("clean"))

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """The fingerprints of all files that earlier runs and this run have made in the build folder."""
        fingerprints = _fingerprints(self.settings.build)
        if not self.only_looks:
            atexit.register(fingerprints.keep_news)
        return fingerprints

    @property
    def jobs(self) -> int:
        """How many cores of this machine this run may use: SCons's -j, where 0 means one."""
        return self.own_jobs or max(1, int(self.environment.GetOption("num_jobs")))

    def take_lock(self) -> None:
        """Hold the build folder for this run. Raises ConfigurationError where another run holds it."""
        if self.lock is None:
            lock = BuildLock(self.settings.build)
            lock.acquire()
            self.lock = lock
            _use_temporary_folder(self.settings.build)

    @property
    def workshop(self) -> Workshop:
        """The workshop. It is made when the first action runs, because reading SConscripts must not write to the disk.
        Actions run in threads, so a lock guards this."""
        with _MAKING:
            if self.opened is None:
                self.take_lock()
                self.opened = self._open_workshop()
            return self.opened

    @property
    def console(self) -> Console:
        """The console for messages; it needs no workshop. With format=json it writes to standard error, because
        standard output is for the document alone."""
        stream = sys.stderr if self.settings.format == "json" else sys.stdout
        return _console(bool(self.environment.GetOption("silent")), stream)

    @cached_property
    def indexes(self) -> Indexes:
        """The indexes that packages come from. pip is asked for its configuration once a run."""
        from crosspython.wheels.resolving.indexes import indexes_for_uv, read_pip_configuration

        found = indexes_for_uv(read_pip_configuration(self.settings.path), os.environ, self.index_options)
        for remark in found.remarks:
            self.console.warn(remark)
        return found

    @property
    def uv_cache(self) -> Path:
        """uv's own store of what it looked up and fetched, beside ours."""
        return self.settings.downloads / "uv"

    def _open_workshop(self) -> Workshop:
        from crosspython.store.fetch import Store
        from crosspython.workshop import Workshop

        settings = self.settings
        if settings.contain == "required":
            from crosspython.run.isolation import require_containment

            require_containment(settings.path)
        console, jobserver = self.console, _jobserver(self.jobs, settings.build)
        times = settings.folder / "times.json"
        earlier = read_journal(times)
        journal = Journal(self.jobs, known=earlier.known if earlier else {})
        atexit.register(journal.save, times)
        Progress(journal, console, lambda: max(self.jobs - jobserver.free, 0), self.progress)
        return Workshop(
            target=settings.target,
            store=Store(
                settings.downloads,
                mirror=settings.mirror,
                offline=settings.offline,
                progress=console.download,
                access=lambda: self.indexes.access,
            ),
            jobserver=jobserver,
            console=console,
            work=self._work(),
            logs=settings.folder / "logs",
            sites=settings.folder / "sites",
            path=settings.path,
            launcher=self._launcher(),
            contain=settings.contain,
            journal=journal,
        )

    def _launcher(self) -> dict[str, str]:
        if self.settings.launcher is None:
            return {}
        return launcher_environment(self.settings.launcher, os.environ, home=Path.home(), path=self.settings.path)

    def _work(self) -> Path:
        """The work folder: build/<target>/work, or a temporary folder if that path has characters that configure
        scripts do not accept.

        A caching launcher recognizes a compilation by its paths. With such a launcher all checkouts of a user work in
        the same folder, one run at a time.
        """
        work = self.settings.folder / "work"
        launcher = self.settings.launcher
        if launcher is not None and LAUNCHERS[launcher].remembers:
            same = Path(USERS_FOLDER).expanduser() / "work" / self.settings.target.name
            self.work_lock = BuildLock(same)
            with suppress(ConfigurationError):  # another run holds it: fewer cache hits, but the same products
                self.work_lock.acquire()
                work = same
        if PLAIN_PATH.fullmatch(str(work)):
            return work
        return _own_folder(self.settings.folder)
