"""Turns the tree that `make install` left into one that can be shipped.

Knows only the order of the steps: scripts, texts and links first, then symbols, then RPATHs (strip damages files that
patchelf has extended), times last. Binaries with paths of the build machine are not edited: the audit reports them. The
stage and the debug folder belong to the build machine, the prefix to the board.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosspython.elf.file import ELF_MAGIC, ElfFile, read_elf
from crosspython.finish.bytecode import remove_stale_bytecode, stamp_bytecode
from crosspython.finish.leaks import BuildPaths, is_text
from crosspython.finish.pkgconfig import make_relocatable
from crosspython.finish.rpath import set_rpaths
from crosspython.finish.scripts import make_relocatable_script
from crosspython.finish.strip import strip_archives, strip_files
from crosspython.store.ar import ARCHIVE_MAGIC
from crosspython.store.walk import find_files, walk_entries


@dataclass(frozen=True)
class FinishReport:
    """The changes of a stage: numbers of files, and the bytes that stripping saved."""

    removed: int
    rewritten: int
    relinked: int
    stripped: int
    saved_bytes: int
    rpaths: int
    restamped: int

    def __str__(self) -> str:
        return (
            f"stripped {self.stripped} files ({self.saved_bytes / 1e6:.1f} MB saved), set {self.rpaths} RPATHs, "
            f"rewrote {self.rewritten} text files and {self.relinked} links, removed {self.removed} files, "
            f"noted the time in {self.restamped} .pyc files"
        )


@dataclass(frozen=True)
class _Texts:
    """The parameters for rewriting texts."""

    stage: Path
    prefix: str
    replacements: Mapping[str, str]
    build_paths: BuildPaths

    def rewrite(self, path: Path, data: bytes) -> bytes:
        folder = path.parent.relative_to(self.stage)
        script = make_relocatable_script(
            data,
            prefix=self.prefix,
            build_folders=tuple(self.replacements),
            to_bin=posixpath.relpath("bin", folder.as_posix()),
            is_executable=bool(path.stat().st_mode & 0o111),
        )
        data, _ = self.build_paths.replace(data if script is None else script)
        if path.suffix == ".pc" and path.parent.name == "pkgconfig":
            text = data.decode(errors="surrogateescape")
            data = make_relocatable(text, self.prefix, len(folder.parts)).encode(errors="surrogateescape")
        return data


def finish_stage(
    stage: Path,
    *,
    tools: Path,
    triplet: str,
    replace: Mapping[str, str],
    prefix: str,
    debug: Path | None,
    epoch: int,
    provided: frozenset[str] = frozenset(),
) -> FinishReport:
    """Make a stage relocatable, stripped and free of the build machine's paths; doing it twice changes nothing more.

    `tools` is the folder with the wrapped toolchain (`<triplet>-objcopy`). `replace` maps folders of the build machine
    to the text that takes their place; the stage's own path becomes the prefix. `provided` are the sonames of other
    components that will be in the prefix's lib. Symbols go to `<debug>/<path>.debug`, or nowhere when that is None.
    `epoch` (seconds) becomes the time of every file.
    """
    stage = stage.absolute()
    objcopy = tools / f"{triplet}-objcopy"
    replacements = {**replace, str(stage): prefix, str(stage.resolve()): prefix}
    texts = _Texts(stage, prefix, replacements, BuildPaths(replacements))
    removed = _remove_libtool_files(stage)
    relinked = _relativize_links(stage, prefix)
    changed, elves, archives = _rewrite_texts(texts)
    removed += remove_stale_bytecode(path for path in changed if path.suffix == ".py")
    with _writable([elf.path for elf in elves] + archives):
        before = _count_bytes(elves, archives)
        stripped = strip_files(stage, elves, objcopy, debug) + strip_archives(archives, objcopy)
        saved = before - _count_bytes(elves, archives)
        rpaths = set_rpaths(stage, elves, provided)
    restamped = _set_times(stage, epoch)
    return FinishReport(removed, len(changed), relinked, stripped, saved, rpaths, restamped)


def _remove_libtool_files(stage: Path) -> int:
    """Remove .la files: they name absolute folders, and every linker since has found libraries without them."""
    found = [Path(entry.path) for entry in walk_entries(stage) if entry.name.endswith(".la")]
    for path in found:
        path.unlink()
    return len(found)


def _relativize_links(stage: Path, prefix: str) -> int:
    """Make symbolic links relative if they point to an absolute path below the prefix or the stage."""
    count = 0
    for entry in list(walk_entries(stage)):
        target = str(Path(entry.path).readlink()) if entry.is_symlink() else ""
        for root in (str(stage), prefix.rstrip("/")):
            if target.startswith(root + "/"):
                path = Path(entry.path)
                inside = stage / target[len(root) + 1 :]
                path.unlink()
                path.symlink_to(os.path.relpath(inside, path.parent))
                count += 1
                break
    return count


def _rewrite_texts(texts: _Texts) -> tuple[list[Path], list[ElfFile], list[Path]]:
    """Rewrite the text files; return those that changed, the ELF files and the static libraries met on the way."""
    changed, elves, archives = [], [], []
    for path in find_files(texts.stage):
        data = path.read_bytes()
        if data.startswith(ELF_MAGIC):
            elf = read_elf(path)
            elves += [elf] if elf is not None else []
        elif data.startswith(ARCHIVE_MAGIC):
            archives.append(path)
        elif is_text(data):
            new = texts.rewrite(path, data)
            if new != data:
                with _writable([path]):
                    path.write_bytes(new)
                changed.append(path)
    return changed, elves, archives


def _count_bytes(elves: Sequence[ElfFile], archives: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in [*(elf.path for elf in elves), *archives])


@contextmanager
def _writable(paths: Sequence[Path]) -> Iterator[None]:
    """Make files writable for a while: libraries are often installed read-only, for everybody."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    for path, mode in modes.items():
        path.chmod(mode | stat.S_IWUSR | stat.S_IRUSR)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _set_times(stage: Path, epoch: int) -> int:
    """Set the times of all files to one value, also the sources' times in .pyc files; return how many .pyc files were
    changed."""
    restamped = 0
    for entry in walk_entries(stage):
        if entry.name.endswith(".pyc") and entry.is_file(follow_symlinks=False):
            with _writable([Path(entry.path)]):
                restamped += stamp_bytecode(Path(entry.path), epoch)
    for entry in walk_entries(stage):
        os.utime(entry.path, (epoch, epoch), follow_symlinks=False)
    os.utime(stage, (epoch, epoch))
    return restamped
