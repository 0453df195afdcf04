"""Fingerprints: they show whether files in the build folder are unchanged since a run made them.

A fingerprint contains a file's status (size, mtime, and ctime, which no program can set), and the SHA-256 of its
content. The content is only hashed if the status differs, as in git's index (its documentation, "racy-git"). The
fingerprint of a folder covers the names, kinds and modes of everything in it, but no content. The callers decide what
to do about a difference. Paths belong to the build machine.
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

# Folders into which Python writes compiled modules by itself, when a program of an SDK or of a kit is run.
COMPILED = ("__pycache__",)


class Fingerprints:
    """The fingerprints of all products in a build folder, stored in one file there."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.file = folder, folder / ".fingerprints"
        self._lock = threading.Lock()
        self._known = _read(self.file)
        self._has_news = False

    def note(self, *paths: Path) -> None:
        """Store the present fingerprints of files and folders. The entry of a path that does not exist is removed."""
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
        """Compare a file or folder with its stored fingerprint; `unknown`: it exists, but has no fingerprint."""
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
        """Whether a file or folder exists and has its stored fingerprint."""
        return self.compare(path) == "same"

    def keep_news(self) -> None:
        """Store the new status of files whose content is unchanged, so that they are not hashed again in the next
        run."""
        with self._lock:
            if self._has_news:
                self._write()

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self._folder)

    def _write(self) -> None:
        self._has_news = False
        with suppress(OSError):  # without the file, everything is made again or taken from the cache
            write_whole(self.file, json.dumps(self._known, indent=0, sort_keys=True) + "\n")


def fingerprint(path: Path) -> dict[str, str] | None:
    """The fingerprint of a file or folder; None if it does not exist."""
    status = status_of(path)
    if status is None:
        return None
    return {"status": status} if path.is_dir() else {"status": status, "sha256": _hash(path)}


def tree_fingerprint(folder: Path, leave_out: Collection[str] = ()) -> str:
    """One hash of the status of everything below a folder. leave_out: names of folders that are skipped."""
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
            yield f"{place} {status.st_mode}"  # without times: they also change with files that are left out
            yield from _describe_below(entry.path, place, leave_out)


def status_of(path: Path) -> str | None:
    """The status of a file or folder as text; None if it does not exist."""
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
    """The stored fingerprints; empty if their file is missing or damaged."""
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {name: noted for name, noted in known.items() if isinstance(noted, dict)}
