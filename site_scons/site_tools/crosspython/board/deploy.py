"""Deploys a new Python to a board, completely or not at all. Only changed files are sent, and the old Python stays
until the new one has passed its check.

Each version has a folder of its own, and `prefix` is a link to one of them. The folder of a new version begins as hard
links to the files of the present version; then it gets the changed files, is compared by hash, and runs its check. Only
then the link is replaced, in one step (rename(2)). An unfinished folder has the suffix `.part`; the next deployment
removes it.
"""

from __future__ import annotations

import io
import shlex
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crosspython.board import facts, manifest
from crosspython.board.facts import BoardFacts, Places
from crosspython.board.manifest import Item, TreeDifference
from crosspython.board.remarks import find_remarks
from crosspython.board.replaced import spare_replaced
from crosspython.board.selftest import SelfTest
from crosspython.board.ssh import MARK, Session
from crosspython.errors import BoardError
from crosspython.finish.board_needs import BoardNeeds
from crosspython.run.console import format_count
from crosspython.targets import Target

_BEFORE_US = "before-crosspython"
# Enough for a hundred megabytes over a slow line to a slow board that unpacks them.
_SEND_SECONDS = 3600

# The new tree begins as the old one: hard links where the file system has them, copies where not. Scripts that name a
# version's folder, as pip wrote them while its own script took the link for what is behind it, name the link from here
# on.
_BEGIN = """
set -e
mkdir -p {versions}
rm -rf {versions}/*.part
if [ -n {old} ]; then
    cp -al {versions}/{old} {part} 2>/dev/null || {{ rm -rf {part}; cp -a {versions}/{old} {part}; }}
else
    mkdir {part}
fi
cd {part}
while IFS= read -r name; do rm -f "$name"; done
for script in bin/*; do
    [ -f "$script" ] && [ ! -L "$script" ] && IFS= read -r line <"$script" || continue
    place=${{line#"#!"{versions}/}}
    if [ "$place" != "$line" ]; then
        cp -p "$script" "$script.new"
        {{ echo "#!"{prefix}"/${{place#*/}}"; sed 1d "$script"; }} >"$script.new"
        mv -f "$script.new" "$script"
    fi
done
"""
_VERIFY = """
cd {part} || exit 1
command -v sha256sum >/dev/null || {{ echo "{mark}unverified yes"; cat >/dev/null; exit 0; }}
sha256sum -c - 2>/dev/null | sed -n 's/: FAILED.*//p' | sed 's/^/{mark}wrong /'
"""
# The new Python itself replaces the link, after its check: not every mv can rename over a link to a folder.
_SWITCH = """
set -e
cd {versions}
if [ -d {part} ]; then rm -rf {new}; mv {part} {new}; fi
if [ -d {prefix} ] && [ ! -L {prefix} ]; then mv {prefix} {before}; fi
sync
rm -f {link}
ln -s {target} {link}
{new}/bin/python3 -c 'import os, sys; os.replace(sys.argv[1], sys.argv[2])' {link} {prefix}
echo {old} > previous
sync
for each in *; do
    case $each in {new_name}|{old}|previous) ;; *) rm -rf "$each" ;; esac
done
"""


@dataclass(frozen=True)
class Deployment:
    """One deployment. `tree` is the folder, on the build machine, with the files for the board;
    `version` is the Python's."""

    tree: Path
    version: str
    target: Target
    needs: BoardNeeds
    selftest: SelfTest


@dataclass(frozen=True)
class Deployed:
    """The result of a deployment: the version's folder, files and bytes that were sent, removed files; seconds."""

    name: str
    sent: int
    size: int
    removed: int
    seconds: float


def deploy(order: Deployment, session: Session, say: Callable[[str], None]) -> Deployed:
    """Copy a tree to a board, check it there and switch to it. Raises BoardError or CheckError; the board then still
    uses its old version."""
    begin = time.monotonic()
    places = Places(order.target.prefix)
    found = facts.ask_board(session, places, order.needs)
    items = manifest.read_tree(order.tree)
    name = manifest.name_of(items, order.version)
    difference = manifest.compare(found.items if found.current else {}, items)
    difference, own = spare_replaced(difference, order.tree, found.replaced)
    if reasons := facts.find_misfits(found, order.target, order.needs, difference.size):
        raise facts.board_refusal(session.address, reasons)
    remarks = find_remarks(found, order.target, order.needs, time.time())
    remarks += [f"pip on the board has replaced {name}: this file is not changed" for name in own]
    for remark in [*remarks, *_left_behind(found, order.version)]:
        say(f"  remark: {remark}")
    if found.current == name:
        say(f"  {session.address} has this tree already")
        return Deployed(name, 0, 0, 0, time.monotonic() - begin)
    part = f"{places.versions}/{name}.part"
    size = _send(order.tree, session, places, part, found, difference, manifest.write_manifest(items))
    sent = f"{len(difference.send)} of {format_count(len(items), 'file')}"
    say(f"  sent {sent}, {size / 1e3:.1f} kB; {len(difference.remove)} removed")
    order.selftest.run(session, part, say)
    switch(session, places, name, found.current or (_BEFORE_US if found.has_folder else ""))
    return Deployed(name, len(difference.send), size, len(difference.remove), time.monotonic() - begin)


def roll_back(session: Session, prefix: str) -> str:
    """Switch to the previous version, and return its name. A second call switches back.
    Raises BoardError where there is none."""
    places = Places(prefix)
    found = facts.ask_board(session, places)
    if not found.current or not found.previous:
        raise BoardError(
            f"{session.address}: there is no version to go back to",
            expected=f"two deployed versions below {places.versions}",
            found=found.current or "none",
        )
    switch(session, places, found.previous, found.current)
    return found.previous


def switch(session: Session, places: Places, new: str, old: str) -> None:
    """Make the link at `prefix` point to another version, in one step, and keep only these two. Raises BoardError."""
    quote = shlex.quote
    script = _SWITCH.format(
        versions=quote(places.versions),
        part=quote(f"{places.versions}/{new}.part"),
        new=quote(f"{places.versions}/{new}"),
        new_name=quote(new),
        old=quote(old),
        before=quote(f"{places.versions}/{_BEFORE_US}"),
        prefix=quote(places.prefix),
        link=quote(f"{places.prefix}.new"),
        target=quote(f"{places.versions.rpartition('/')[2]}/{new}"),
    )
    session.run(script, "switch to the new tree", seconds=_SEND_SECONDS)


def _left_behind(found: BoardFacts, version: str) -> Iterator[str]:
    """A remark if Python's X.Y changes: packages that pip installed on the board are in a folder of the old X.Y, and
    compiled ones run only with that X.Y."""
    series, before = (name.rpartition(".")[0] for name in (version, (found.current or version).partition("-")[0]))
    if series != before:
        yield (
            f"packages that pip installed on the board are for Python {before}, and {series} does not find them: "
            "install them again"
        )


def _send(
    tree: Path, session: Session, places: Places, part: str, found: BoardFacts, difference: TreeDifference, text: str
) -> int:
    """Make the new tree on the board, under its unfinished name; the bytes that were sent. Raises BoardError."""
    words = {
        "versions": shlex.quote(places.versions),
        "part": shlex.quote(part),
        "prefix": shlex.quote(places.prefix),
        "old": shlex.quote(found.current or ""),
        "mark": MARK,
    }
    # Changed files go first: nothing may be written into a file that the old tree shares.
    gone = [*difference.remove, *(item.path for item in difference.send), manifest.NAME]
    session.run(_BEGIN.format(**words), "begin", data=_lines(gone), seconds=_SEND_SECONDS)
    data = _pack(tree, difference.send, text)
    session.run(f"tar -C {words['part']} -xof -", "send", data=data, seconds=_SEND_SECONDS)
    sums = [f"{item.sha256}  {item.path}" for item in difference.send if item.sha256]
    reply = session.run(_VERIFY.format(**words), "verify", data=_lines(sums), seconds=_SEND_SECONDS)
    if wrong := reply.told.get("wrong"):
        raise BoardError(
            f"{session.address}: {format_count(len(wrong), 'file')} arrived with different content than was sent",
            evidence=wrong[:10],
            next="the board's storage may be failing: see its kernel's log (dmesg)",
        )
    return len(data)


def _pack(tree: Path, items: Iterable[Item], text: str) -> bytes:
    """The files to be sent, in GNU's tar format, which every BusyBox reads; the manifest comes last."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for item in items:
            header = tar.gettarinfo(str(tree / item.path), arcname=item.path)
            header.uid = header.gid = 0
            header.uname = header.gname = "root"
            if item.target:
                tar.addfile(header)
                continue
            header.type, header.mode, header.size = tarfile.REGTYPE, item.mode, item.size
            with (tree / item.path).open("rb") as file:
                tar.addfile(header, file)
        header = tarfile.TarInfo(manifest.NAME)
        header.size = len(text.encode())
        tar.addfile(header, io.BytesIO(text.encode()))
    return stream.getvalue()


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
