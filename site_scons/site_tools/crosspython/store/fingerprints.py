"""Fingerprints: whether files in the build folder are unchanged since a run left them.

A fingerprint is what the file system says of a file (size, time of its content, time of its last change of any kind,
which no program can set) with the SHA-256 of the content, which is only asked where the former differ: git's index
works like that (its documentation, "racy-git"). That of a folder covers the names, kinds and modes of all that lies in
it, and no content. What to do about a difference, the callers decide. Paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from crosspython.store.disk import write_whole

Finding = Literal["same", "other", "unknown", "missing"]

# Folders in which Python keeps compiled modules of its own accord, when a program of an SDK or of a kit is run.
COMPILED = ("__pycache__",)


class Fingerprints:
    """The fingerprints of all that was made in a build folder, in one file of it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.file = folder, folder / ".fingerprints"
        self._lock = threading.Lock()
        self._known = _read(self.file)
        self._has_news = False

    def note(self, *paths: Path) -> None:
        """Store the present state of files and folders as right; one that does not exist is forgotten."""
        for path in paths:
            found = fingerprint(path)
            with self._lock:
                if found is None:
                    self._known.pop(self._name(path), None)
                else:
                    self._known[self._name(path)] = found
        with self._lock:
            self._write()

    def compare(self, path: Path) -> Finding:
        """Whether a file or folder is as it was noted; `unknown`: it is there, and never was noted."""
        noted = self._known.get(self._name(path))
        if noted is None:
            return "unknown" if os.path.lexists(path) else "missing"
        now = status_of(path)
        if now is None:
            return "missing"
        if noted.get("status") == now:
            return "same"
        if "sha256" not in noted or path.is_dir() or _hash(path) != noted["sha256"]:
            return "other"
        with self._lock:
            self._known[self._name(path)] = noted | {"status": now}
            self._has_news = True
        return "same"

    def is_same(self, path: Path) -> bool:
        """Whether a file or folder is there, as it was noted."""
        return self.compare(path) == "same"

    def keep_news(self) -> None:
        """Store the present status of files whose content is unchanged, so that they are hashed only once."""
        with self._lock:
            if self._has_news:
                self._write()

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self._folder)

    def _write(self) -> None:
        self._has_news = False
        with suppress(OSError):  # then everything is made again, or found in the cache
            write_whole(self.file, json.dumps(self._known, indent=0, sort_keys=True) + "\n")


def fingerprint(path: Path) -> dict[str, str] | None:
    """What tells a file or folder from others; None where it is missing."""
    status = status_of(path)
    if status is None:
        return None
    return {"status": status} if path.is_dir() else {"status": status, "sha256": _hash(path)}


def tree_fingerprint(folder: Path, leave_out: Collection[str] = ()) -> str:
    """What the file system says of all that lies below a folder, as one hash. leave_out:
    names of folders not looked into."""
    lines = "\n".join(_describe_below(str(folder), "", leave_out))
    return hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()


def _describe_below(folder: str, name: str, leave_out: Collection[str]) -> Iterator[str]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        status, place = entry.stat(follow_symlinks=False), f"{name}/{entry.name}"
        if not stat.S_ISDIR(status.st_mode):
            yield f"{place} {status.st_mode} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        elif entry.name not in leave_out:
            yield f"{place} {status.st_mode}"  # its times change with what is left out
            yield from _describe_below(entry.path, place, leave_out)


def status_of(path: Path) -> str | None:
    """What the file system says of a file or folder; None where it is missing."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return tree_fingerprint(path)
    except OSError:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _read(file: Path) -> dict[str, dict[str, str]]:
    """What was noted; nothing where the file is missing or damaged."""
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {name: noted for name, noted in known.items() if isinstance(noted, dict)}
