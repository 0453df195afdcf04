"""The disk: writing small files atomically, and describing a full or read-only disk for an error."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from crosspython.errors import ArchiveError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: OSError) -> bool:
    """Whether the disk, or the user's share of it, is used up."""
    return error.errno in _FULL


def write_whole(path: Path, text: str) -> None:
    """Write a small file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


def describe_refusal(error: OSError, folder: Path, needed: int | None = None) -> str:
    """A text that says why writing failed, how much was needed (bytes; None: not known), and how much is free in
    `folder`."""
    words = error.strerror or str(error)
    if not is_full(error):
        return words
    facts = [words]
    if needed is not None:
        facts.append(f"{needed:,} bytes more were needed")
    if (free := free_space(folder)) is not None:
        facts.append(f"{free:,} are free in {folder}")
    return "; ".join(facts)


def archive_refusal(archive: Path, what: str, error: OSError, folder: Path, expected: str) -> ArchiveError:
    """The error for an archive that the disk does not take. what: "cannot be packed"; folder: where was written"""
    return ArchiveError(
        f"{archive.name}: {what}" + (": the disk is full" if is_full(error) else ""),
        expected=expected,
        found=describe_refusal(error, folder),
        next="free some space there" if is_full(error) else None,
    )


def free_space(folder: Path) -> int | None:
    """The free bytes of a folder's file system; None if unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
