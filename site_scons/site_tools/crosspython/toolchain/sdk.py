"""A vendor's SDK: prepares a folder, or an archive as it was downloaded, for use.

Knows how to get a folder with a working SDK without writing to the user's files. Archives are unpacked once. A
Buildroot SDK that was made for another path is copied, and `relocate-sdk.sh` runs only in our copy (Buildroot's manual,
"Using the generated toolchain outside Buildroot"). A Yocto SDK's installer installs into the build folder. find.py
finds the compiler in an SDK. All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from crosspython.errors import HostToolError, ToolchainError
from crosspython.store.fingerprints import COMPILED, tree_fingerprint
from crosspython.toolchain.yocto import find_setups, front_of

Remark = Callable[[str], None]

_RELOCATE = "relocate-sdk.sh"
_LOCATION = "share/buildroot/sdk-location"
_INSTALLER = ".sh"
_INSTALLER_HEAD = 65536  # bytes; the script at the begin is shorter, the archive follows it
_ARCHIVE = re.compile(r"\.(tar(\.(gz|bz2|xz|zst))?|tgz|tbz2?|txz|tzst|zip|sh)$", re.IGNORECASE)
_EVIDENCE_LINES = 10
_NAMED = 3  # how many skipped members a message names
_PATIENCE = 900  # seconds: a slow disk and an SDK of gigabytes


def is_archive(path: Path) -> bool:
    """Tell by its name whether a path may be an SDK's archive, or a Yocto SDK's installer, which unpacks itself."""
    return bool(_ARCHIVE.search(path.name))


def open_sdk(given: Path, unpack_into: Path, *, path: str, remark: Remark = print) -> Path:
    """Return a folder with the SDK in working order: the given one, or our own copy below `unpack_into`.

    path: where the tools are that `relocate-sdk.sh` calls
    remark: gets a sentence for the user
    Raises ToolchainError, HostToolError, and what unpack_archive raises.
    """
    if given.is_dir():
        if find_setups(given):
            return front_of(given.absolute(), (unpack_into / f"{given.name}-front").absolute())
        if not _needs_relocation(given):
            return given
        return _make_once(given, _key_of_folder(given), unpack_into, lambda folder: _copy(given, folder), path)
    key = _recall_key(given, unpack_into) or _key_of_file(given)
    sdk = _make_once(given, key, unpack_into, lambda folder: _unpack(given, folder, path, remark), path)
    return front_of(sdk, sdk.with_name(f"{sdk.name}-front")) if find_setups(sdk) else sdk


def _make_once(given: Path, key: str, unpack_into: Path, fill: Callable[[Path], None], path: str) -> Path:
    """Fill and relocate a folder, or return it if that was done before. The marker file beside it is written last.

    An SDK works only at the path that it was relocated to, so the marker contains that path.
    It also contains the fingerprint of the files: a copy that somebody has changed is made again.
    """
    name = _ARCHIVE.sub("", given.name)
    folder = (unpack_into / f"{name}-{key[:16]}").absolute()
    marker = folder.with_name(folder.name + ".json")
    facts = {"place": str(folder), "key": key, **_stamp(given)}
    known = _read_marker(marker)
    if known.get("place") != str(folder) or known.get("files") != _fingerprint(folder):
        marker.unlink(missing_ok=True)
        _remove(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        fill(folder)
        if _needs_relocation(find_root(folder)):
            _relocate(find_root(folder), path)
    facts["files"] = _fingerprint(folder)
    if known != facts:
        part = marker.with_name(marker.name + ".part")
        part.write_text(json.dumps(facts, indent=1))
        part.replace(marker)
    return find_root(folder)


def is_spoilt(unpack_into: Path) -> bool:
    """Whether somebody has changed one of our copies since it was made."""
    known = (_read_marker(marker) for marker in unpack_into.glob("*.json"))
    return any(copy.get("files") != _fingerprint(Path(copy.get("place", ""))) for copy in known)


def _fingerprint(folder: Path) -> str:
    return tree_fingerprint(folder, COMPILED) if folder.is_dir() else ""


def _unpack(given: Path, folder: Path, path: str, remark: Remark) -> None:
    """Unpack an archive, or run an installer (its own options: with -y it asks no questions, -d names the folder)."""
    if given.suffix.lower() == _INSTALLER:
        with given.open("rb") as file:
            if b"environment-setup" not in file.read(_INSTALLER_HEAD):
                raise ToolchainError(
                    f"toolchain={given}: this script is not the installer of an SDK, so it was not run",
                    expected="an installer that leaves an environment-setup-* file, as Yocto's do",
                )
        _run(["/bin/sh", str(given), "-y", "-d", str(folder)], f"{given.name}: the SDK's installer failed", path)
        return
    from crosspython.store.archive import unpack_archive  # slow to import, and seldom needed

    left_out: list[str] = []
    unpack_archive(given, folder, keep_absolute_links=True, left_out=left_out)
    if left_out:
        more = len(left_out) - _NAMED
        named = "; ".join(left_out[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
        remark(f"{given.name}: these files were left out, because no compiler needs them: {named}")


def find_root(folder: Path) -> Path:
    """Go down as long as a folder contains only one folder, as at the top of archives."""
    while not (folder / "bin").is_dir():
        entries = list(folder.iterdir())
        if len(entries) != 1 or not entries[0].is_dir() or entries[0].is_symlink():
            break
        folder = entries[0]
    return folder


def _needs_relocation(sdk: Path) -> bool:
    """Whether an SDK is Buildroot's, and was made for another path."""
    if not (sdk / _RELOCATE).is_file():
        return False
    try:
        location = (sdk / _LOCATION).read_text(errors="surrogateescape").strip()
    except OSError:
        return True
    return location not in (str(sdk), str(sdk.resolve()))


def _relocate(sdk: Path, path: str) -> None:
    script = sdk / _RELOCATE
    if "file -b" in script.read_text(errors="replace") and shutil.which("file", path=path) is None:
        from crosspython.hosttools import require_tools  # without `file` the script changes nothing and is content

        require_tools(["file"], path)
    _run(["/bin/sh", str(script)], f"{sdk.name}: {_RELOCATE} failed", path)
    if _needs_relocation(sdk):
        raise ToolchainError(
            f"{sdk.name}: {_RELOCATE} did not move the SDK",
            expected=f"{_LOCATION} names {sdk}",
            found=(sdk / _LOCATION).read_text(errors="replace").strip()
            if (sdk / _LOCATION).is_file()
            else "no such file",
            next="ask the vendor, or run the script yourself and pass the folder as toolchain=",
        )


def _copy(given: Path, folder: Path) -> None:
    """Copy with links and times; the copy is ours to write to, whatever the SDK's modes.
    It gets its name when it is whole."""
    part = folder.with_name(folder.name + ".part")
    _remove(part)
    _run(
        ["cp", "-a", str(given.resolve()), str(part)],
        f"{given}: the SDK could not be copied",
        os.environ.get("PATH", ""),
    )
    _make_writable(part)
    part.rename(folder)


def _make_writable(folder: Path) -> None:
    """Give the owner all rights to folders, and the right to write files."""
    folder.chmod(folder.stat().st_mode | 0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _make_writable(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                os.chmod(entry.path, entry.stat().st_mode | 0o600)


def _remove(folder: Path) -> None:
    """Remove a folder, also if an interrupted copy left read-only folders in it."""
    if folder.is_dir():
        _make_writable(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _run(argv: list[str], what: str, path: str) -> None:
    environment = {**os.environ, "PATH": path, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            env=environment,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError as error:
        raise HostToolError(f"{what}: {argv[0]} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"{what}: it did not end within {_PATIENCE} s") from error
    if done.returncode != 0:
        raise ToolchainError(
            what, evidence=done.stdout.splitlines()[-_EVIDENCE_LINES:], found=f"exit status {done.returncode}"
        )


def _key_of_file(archive: Path) -> str:
    try:
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ToolchainError(f"toolchain={archive}: cannot be read: {error.strerror}") from error


def _key_of_folder(sdk: Path) -> str:
    """A key that differs for different SDKs, and for a new version that is unpacked to the same path."""
    facts = [str(sdk.resolve())]
    for name in (_RELOCATE, _LOCATION, "bin"):
        if (sdk / name).exists():
            status = (sdk / name).stat()
            facts.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()


def _recall_key(given: Path, unpack_into: Path) -> str | None:
    """Return the hash of an archive that was hashed before and has not been touched since."""
    stamp = _stamp(given)
    for marker in unpack_into.glob("*.json"):
        known = _read_marker(marker)
        if all(known.get(name) == value for name, value in stamp.items()):
            return known.get("key")
    return None


def _stamp(given: Path) -> dict[str, str]:
    status = given.stat()
    return {"given": str(given.absolute()), "size": str(status.st_size), "mtime": str(status.st_mtime_ns)}


def _read_marker(marker: Path) -> dict[str, str]:
    try:
        known = json.loads(marker.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
