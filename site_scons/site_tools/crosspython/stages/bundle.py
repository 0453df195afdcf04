"""The products for the user: the bundle, which is unpacked on the board; an archive with CPython's tests; and the
sysroot, which firmware links against.

All of them are made from stage archives. The bundle contains Python and the run-time part of each component (`ships` of
its recipe); the sysroot contains everything, below usr/.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from crosspython.elf.file import ELF_MAGIC, ElfFile, find_elf_files, read_elf, read_elf_bytes
from crosspython.finish.audit import audit_libraries, require_clean
from crosspython.finish.board_needs import BoardNeeds, sum_up_needs
from crosspython.finish.python_tree import is_no_test, is_test, slimmed
from crosspython.run.jobserver import Beside, at_once
from crosspython.stages.private_libc import PrivateLibc
from crosspython.store.disk import write_whole
from crosspython.store.formats import read_members
from crosspython.store.members import FILE, FOLDER, Member
from crosspython.store.tree import Packer, conflict, packing, reading, unpack_tree
from crosspython.targets.libc import PRIVATE_FOLDER
from crosspython.workshop import EPOCH, LICENSES

_ADVICE = "`ships` of a component's recipe lists the files that other components need (docs/components.md)"


@dataclass(frozen=True)
class BundleReport:
    """Sizes in bytes: of the archive, of the tree on the board, of the tests (which have an archive of their own), and
    of the files that slim= left out. needs: the requirements of the board"""

    archive: int
    unpacked: int
    tests: int
    saved: int
    needs: BoardNeeds


def make_bundle(
    python: Path,
    components: Mapping[Path, tuple[str, ...]],
    product: Path,
    tests: Path,
    *,
    prefix: str,
    slim: str,
    board_libraries: Sequence[str],
    work: Path,
    private: PrivateLibc | None = None,
    beside: Beside = at_once,
) -> BundleReport:
    """Make the bundle, by copying from archives into an archive; only programs and libraries are written to disk on the
    way. CPython's tests become another archive, to be unpacked over the bundle.

    python:     CPython's stage archive
    components: stage archives with the globs of the files that go into the bundle
    product, tests: the archives to be written
    slim:       "0": all files; "1": without files that a board does not need; "pyc": also without .py files
    board_libraries: patterns of the board's libraries
    private:    a libc for the bundle; then the board's libc is not used
    work:       the folder for programs and libraries while their requirements are read
    beside:     runs work in parallel if cores are free
    Raises ArchiveError: an archive is damaged, two archives have different files of one name, disk full; AuditError: a
    file needs a library that is neither in the bundle nor on the board.
    """
    ships = {archive: _matches_any((*globs, f"{LICENSES}/*/*")) for archive, globs in components.items()}
    parts = {**ships, python: _is_wanted_always}
    saved, places = 0, None
    if slim != "0":  # the files to leave out are only known when all names are known
        sizes, links = {}, {}
        for content in _contents(parts):
            sizes[content.name], links[content.name] = len(content.data), content.target
        places = slimmed(links, without_sources=slim == "pyc")
        saved = sum(size for name, size in sizes.items() if name not in places and not is_test(name))
    unpacked, aside, elves = 0, 0, list[ElfFile]()
    root = PurePosixPath(prefix).name
    contents = _contents(parts) if private is None else _with_private_libc(private, _contents(parts))
    libraries = board_libraries if private is None else [PurePosixPath(name).name for name in private.files]
    with (
        fresh_folder(work / f"{product.name}.elf") as folder,
        packing(product, epoch=EPOCH, root=root, beside=beside) as packer,
        packing(tests, epoch=EPOCH, root=root, beside=beside) as tests_packer,
    ):
        for content in contents:
            if is_test(content.name):
                _add(tests_packer, content.name, content)
                aside += len(content.data)
                continue
            place = content.name if places is None or content.is_added else places.get(content.name)
            if place is None:
                continue
            _add(packer, place, content)
            unpacked += len(content.data)
            elves += _lay(folder / place, content)
        own = folder / PRIVATE_FOLDER  # its libraries are found without an RPATH
        audited = [elf for elf in elves if not elf.path.is_relative_to(own)]
        require_clean(audit_libraries(folder, audited, libraries), product.name, advice=_ADVICE)
        needs = sum_up_needs(folder, elves)
    return BundleReport(product.stat().st_size, unpacked, aside, saved, needs)


@dataclass(frozen=True)
class _Content:
    """A file of a stage archive, or a link, which has a target and no data. is_added: it comes from no stage archive,
    so `slim=` keeps it."""

    name: str
    target: str
    is_program: bool
    data: bytes
    is_added: bool = False


def _contents(parts: Mapping[Path, Callable[[str], bool]]) -> Iterator[_Content]:
    """The wanted files of all archives, in the order of the archives; each name once."""
    seen: dict[str, tuple[tuple[str, bytes], str]] = {}
    for archive, is_wanted in parts.items():
        with reading(archive):
            for member in read_members(archive):
                if member.kind == FOLDER or not is_wanted(member.name):
                    continue
                content = _read(member)
                identity = (content.target, hashlib.sha256(content.data).digest())
                first, origin = seen.setdefault(member.name, (identity, archive.name))
                if first != identity:
                    raise conflict(member.name, archive.name, origin)
                if origin == archive.name:
                    yield content


def _with_private_libc(private: PrivateLibc, contents: Iterable[_Content]) -> Iterator[_Content]:
    """The same files with the bundle's own libc. Each program in bin/ is moved, and the starter takes its place."""
    starter = private.starter.read_bytes()
    for content in contents:
        folder, _, name = content.name.rpartition("/")
        elf = read_elf_bytes(content.data, Path(content.name)) if folder == "bin" else None
        if elf is not None and elf.interpreter is not None:
            yield _added(private.place(content.name), content.data, is_program=True)
            yield _Content(*private.link(content.name), is_program=False, data=b"", is_added=True)
            yield replace(content, data=starter)
            continue
        yield content
        if folder.endswith("/lib-dynload") and name.startswith("_ctypes."):
            module, guard = private.guard(folder.removesuffix("/lib-dynload"))
            yield _added(module, guard.read_bytes())
    for place, path in private.files.items():
        yield _added(place, path.read_bytes(), is_program=path.name == private.loader)


def _added(name: str, data: bytes, *, is_program: bool = False) -> _Content:
    return _Content(name, "", is_program, data, is_added=True)


def _read(member: Member) -> _Content:
    data = b""
    if member.kind == FILE and member.open is not None:
        with member.open() as stream:
            data = stream.read()
    return _Content(member.name, member.target, bool(member.mode & 0o100), data)


def _add(packer: Packer, place: str, content: _Content) -> None:
    if content.target:
        packer.add_link(place, content.target)
    else:
        packer.add_file(place, io.BytesIO(content.data), len(content.data), is_program=content.is_program)


def _lay(path: Path, content: _Content) -> list[ElfFile]:
    """Write a program, a library or a link into a folder, and read its ELF facts there."""
    if not content.target and not content.data.startswith(ELF_MAGIC):
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    if content.target:
        path.symlink_to(content.target)
        return []
    path.write_bytes(content.data)
    elf = read_elf(path)
    return [] if elf is None else [elf]


def _is_wanted_always(name: str) -> bool:
    return True


def _matches_any(globs: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda name: any(PurePosixPath(name).match(glob) for glob in globs)


def make_sysroot(archives: Iterable[Path], folder: Path, stamp: Path, board_libraries: Sequence[str]) -> None:
    """Unpack stage archives below `folder`/usr, and write their names and hashes to `stamp` when all is there.

    Python's own tests are left out, because no program links against them. Raises AuditError: a file needs a library
    that is neither in the sysroot nor, by these patterns, on the board.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "usr").mkdir(parents=True)
    names = []
    for archive in archives:
        unpack_tree(archive, folder / "usr", only=is_no_test)
        with archive.open("rb") as file:
            names.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive.name}")
    elves = list(find_elf_files(folder / "usr"))
    require_clean(audit_libraries(folder / "usr", elves, board_libraries), folder.name, advice=_ADVICE)
    write_whole(stamp, "\n".join(names) + "\n")


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """An empty folder. It is removed at the end, but kept after an exception."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)
