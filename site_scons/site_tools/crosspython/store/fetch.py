"""The store of sources: a folder that all builds share, with files by their SHA-256; and how files get into it.

Places are tried in this order: the store, files that the user put there by hand, the user's mirror (a folder or an
address), upstream, the distribution's source pools. A file is used only if its bytes have the hash of the recipe: it is
hashed when it arrives, and again at its first use in a process. download.py downloads the files.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from crosspython.errors import SourceError, hide_logins
from crosspython.store.access import OPEN, Access
from crosspython.store.disk import describe_refusal, is_full
from crosspython.store.download import Downloader, Progress, Unavailable, WriteError
from crosspython.store.exclusive import exclusive
from crosspython.store.places import check_mirror, local_path, places_of
from crosspython.store.pools import apt_pools
from crosspython.store.sources import Source

Wanted = tuple[str, Sequence[Source]]
"""The name of the component that needs a source, and the alternatives, each of which is sufficient."""


class Store:
    """Sources by hash. `mirror` is a folder, or an http(s) or file address, in which files are searched by name.

    access: returns the settings for files of package indexes; called before the first such file. timeout, pause: see
    Downloader.
    Raises ConfigurationError for a mirror of another kind.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mirror: str | None = None,
        offline: bool = False,
        progress: Progress | None = None,
        access: Callable[[], Access] = Access,
        pools: Callable[[], Sequence[str]] = apt_pools,
        timeout: tuple[float, float] = (10.0, 30.0),
        pause: float = 1.0,
    ) -> None:
        check_mirror(mirror)
        self.folder, self.mirror, self.offline, self.pools, self.access = folder, mirror, offline, pools, access
        self.downloader = Downloader(timeout, pause, progress=progress)
        self._verified: dict[tuple[Path, str], tuple[int, int]] = {}

    def place(self, source: Source) -> Path:
        """The path of a source in the store; it may not exist yet."""
        return self.folder / source.sha256[:2] / source.sha256 / source.filename

    def find(self, alternatives: Sequence[Source]) -> tuple[Source, Path] | None:
        """The first alternative that is in the store and undamaged. Does not use the network."""
        for source in alternatives:
            path = self.place(source)
            if self._is_whole(path, source.sha256):
                return source, path
        return None

    def is_at_hand(self, alternatives: Sequence[Source]) -> bool:
        """Whether `get` needs no network: a source is in the store, or in a folder that is searched."""
        if self.find(alternatives):
            return True
        return any(
            path is not None and self._is_whole(path, source.sha256, keep=True)
            for source in alternatives
            for path in map(local_path, self._places(source))
        )

    def get(self, alternatives: Sequence[Source], wanted_by: str) -> tuple[Source, Path]:
        """A verified alternative, fetched if needed. Raises SourceError that names every place and its answer."""
        if found := self.find(alternatives):
            return found
        reasons: list[str] = []
        mismatches: list[str] = []
        for source in alternatives:
            with self._lock(source):
                if found := self.find([source]):
                    return found
                for place in self._places(source):
                    if self._take(place, source, reasons, mismatches):
                        return source, self.place(source)
        if self.offline and not mismatches:
            raise missing_offline([(wanted_by, alternatives)], self.folder)
        raise SourceError(
            f"{wanted_by}: its source could not be fetched",
            evidence=reasons or ["no address is known for it"],
            expected=f"a file with SHA-256 {' or '.join(dict.fromkeys(source.sha256 for source in alternatives))}",
            found=f"SHA-256 {', '.join(dict.fromkeys(mismatches))}" if mismatches else None,
            next=self._advice(alternatives, only_wrong=bool(mismatches) and len(mismatches) == len(reasons)),
        )

    def _advice(self, alternatives: Sequence[Source], *, only_wrong: bool) -> str:
        """What the user can do. only_wrong: each place had a file, but none the right one, so the hash may be wrong."""
        if only_wrong:
            return (
                "compare with the SHA-256 that the project publishes: if the file is right, correct the hash in its"
                " declaration; if not, name a mirror that has the right file: mirror="
            )
        names = " or ".join(dict.fromkeys(source.filename for source in alternatives))
        return (
            "name a mirror that has it (mirror=), or run `scons fetch` on a machine with a network and copy"
            f" its downloads, or put {names} into {self.folder}"
        )

    def get_all(self, wanted: Iterable[Wanted]) -> None:
        """Get all sources, and continue after a failure. Raises one SourceError that names all sources that could not
        be fetched."""
        errors = []
        for wanted_by, alternatives in wanted:
            try:
                self.get(alternatives, wanted_by)
            except SourceError as error:
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            lines = [line for error in errors for line in str(error).splitlines() if not line.startswith("  next:")]
            raise SourceError(f"{len(errors)} sources could not be fetched", evidence=lines, next=errors[0].next)

    def _is_whole(self, path: Path, sha256: str, *, keep: bool = False) -> bool:
        """Whether a file exists and has the right bytes. A bad file in the store is moved aside, unless `keep`."""
        try:
            status = path.stat()
            if self._verified.get((path, sha256)) == (status.st_size, status.st_mtime_ns):
                return True
            if hash_file(path) == sha256:
                self._verified[path, sha256] = (status.st_size, status.st_mtime_ns)
                return True
            if not keep:
                self._set_aside(path)
        except OSError:
            pass  # it does not exist; or the store is not readable or writable, which the lock will report
        return False

    def _places(self, source: Source) -> Iterator[str]:
        """Addresses and paths to try, in order. Offline, only those that need no network."""
        for place in places_of(source, self.folder, self.mirror, self.pools):
            if not self.offline or local_path(place):
                yield place

    def _take(self, place: str, source: Source, reasons: list[str], mismatches: list[str]) -> bool:
        """Try to get a source from one place. After a failure, add the reason to `reasons`."""
        part = self.place(source).with_name(source.filename + ".part")
        try:
            resumed = self._bring(place, part, source)
            found = hash_file(part)
            if resumed and found != source.sha256:  # the first bytes belonged to another file
                part.unlink()
                self._bring(place, part, source)
                found = hash_file(part)
        except Unavailable as error:
            reasons.append(f"{hide_logins(place)}: {error}")
            return False
        except WriteError as error:
            raise self._refusal(source, part, error.error, error.needed) from error
        if found != source.sha256:
            mismatches.append(found)
            kept = self._set_aside(part, found)
            reasons.append(
                f"{hide_logins(place)}: wrong bytes: SHA-256 {found} instead of {source.sha256}; kept as {kept}"
            )
            return False
        self._accept(part, source)
        return True

    def _bring(self, place: str, part: Path, source: Source) -> bool:
        """Copy or download the file from a place to `part`. Return whether it contains bytes of an earlier try."""
        path = local_path(place)
        if path is None:
            if part.is_file() and hash_file(part) == source.sha256:
                return False  # complete: the process that fetched it was killed before it renamed the file
            access = self.access() if source.indexed and place == source.url else OPEN
            return self.downloader.download(place, part, source.filename, access)
        try:
            size = path.stat().st_size
            with path.open("rb"):
                pass
        except OSError as error:
            raise Unavailable(error.strerror or str(error)) from error
        try:
            shutil.copyfile(path, part)
        except OSError as error:
            raise WriteError(error, size) from error
        return False

    def _accept(self, part: Path, source: Source) -> None:
        path, size = self.place(source), part.stat().st_size
        part.replace(path)
        self._verified[path, source.sha256] = (size, path.stat().st_mtime_ns)
        if self.downloader.progress is not None:
            self.downloader.progress(source.filename, size, size)

    def _set_aside(self, path: Path, found: str | None = None) -> Path:
        """Move a file with wrong bytes to a folder that no build uses, so that the user can look at it."""
        name = f"{path.name.removesuffix('.part')}-{found or hash_file(path)}"
        (self.folder / "rejected").mkdir(parents=True, exist_ok=True)
        return path.replace(self.folder / "rejected" / name)

    def _refusal(self, source: Source, part: Path, error: OSError, needed: int | None) -> SourceError:
        refusal = SourceError(
            f"{source.filename}: " + ("the disk is full" if is_full(error) else "cannot be written"),
            expected=f"that the file can be written into {part.parent}",
            found=describe_refusal(error, part.parent, needed),
            next="free some space there, or name another folder with downloads=FOLDER",
        )
        with suppress(OSError):
            part.unlink()
        return refusal

    @contextmanager
    def _lock(self, source: Source) -> Iterator[None]:
        """One process at a time fetches a source; the others wait and then find it here."""
        folder = self.place(source).parent
        with ExitStack() as held:
            try:
                held.enter_context(exclusive(folder / ".lock"))
            except OSError as error:
                raise SourceError(
                    f"{folder}: sources cannot be stored in this folder",
                    found=describe_refusal(error, self.folder),
                    next="correct its permissions, or name another folder with downloads=FOLDER",
                ) from error
            yield


def missing_offline(wanted: Sequence[Wanted], folder: Path) -> SourceError:
    """The error of an offline build: every file that is not here, under any of its names."""
    return SourceError(
        "offline=1, and sources are missing",
        evidence=[
            f"{by}: {' or '.join(dict.fromkeys(source.filename for source in sources))}" for by, sources in wanted
        ],
        expected=f"these files in {folder}",
        next=f"run `scons fetch` on a machine with a network, or use mirror=FOLDER, or put the files into {folder}",
    )


def hash_file(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
