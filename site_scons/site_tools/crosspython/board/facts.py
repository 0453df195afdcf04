"""The facts about a board, and whether a tree fits on it. The board is asked before anything is copied."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crosspython.board.manifest import NAME, Item, read_manifest
from crosspython.board.ssh import MARK, Reply, Session
from crosspython.board.systems import are_related, describe_loader, known_loaders, runs
from crosspython.elf.versions import is_newer
from crosspython.errors import BoardError
from crosspython.finish.board_needs import BoardNeeds
from crosspython.targets import Target
from crosspython.targets.libc import Libc, read_libc

TOOLS = ("tar", "cp", "mv", "rm", "mkdir", "ln", "cat", "df", "tail", "sed", "dirname", "readlink")
# How many characters of a loader's output are shown.
_LONGEST = 120
# A factor for the space of folders, and for sizes that a file system rounds up.
_SLACK = 1.1

_PROBE = Path(__file__).with_name("probe.sh")


@dataclass(frozen=True)
class Places:
    """Where things are on the board: `prefix` is a link into `versions`, in which each tree has a folder."""

    prefix: str

    @property
    def parent(self) -> str:
        return str(PurePosixPath(self.prefix).parent)

    @property
    def versions(self) -> str:
        return f"{self.parent.rstrip('/')}/.{PurePosixPath(self.prefix).name}-versions"


@dataclass(frozen=True)
class BoardFacts:
    """The board's answers. `free` is in bytes; `current` and `previous` name versions. None: it does not tell.

    missing_loaders, running_loaders, dead_loaders: the loaders that the tree's programs need: those that are missing,
                that work, and that fail (with their output)
    loaders:    all loaders of the board
    not_writable, not_executable, no_links: "FOLDER: why", if the prefix's folder does not allow this
    mount:      the mount point of the file system that holds this folder
    clock:      seconds since 1970
    certificates, zones: the paths of certificates and time zones; None if the board has none
    replaced:   packages of the deployed tree that the board's own pip has replaced, by the paths of their RECORD
    """

    machine: str
    kernel: str
    lacks: tuple[str, ...]
    missing_loaders: tuple[str, ...]
    libc: Libc | None
    free: int | None
    not_writable: str | None
    has_folder: bool
    current: str | None
    previous: str | None
    items: dict[str, Item]
    running_loaders: tuple[str, ...] = ()
    dead_loaders: tuple[str, ...] = ()
    loaders: tuple[str, ...] = ()
    not_executable: str | None = None
    no_links: str | None = None
    mount: str | None = None
    clock: int | None = None
    certificates: str | None = None
    zones: str | None = None
    replaced: tuple[str, ...] = ()


def ask_board(session: Session, places: Places, needs: BoardNeeds | None = None) -> BoardFacts:
    """Ask a board, in one command, for its facts and its files. Raises BoardError.

    needs: whose loader is looked for, and asked for the version of its libc
    """
    given = {
        "mark": MARK,
        "tools": " ".join(TOOLS),
        "loaders": " ".join(needs.interpreters if needs else ()),
        "prefix": places.prefix,
        "parent": places.parent,
        "versions": places.versions,
        "manifest": NAME,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    return read_facts(session.run("\n".join([*lines, _PROBE.read_text()]), "ask the board"))


def read_facts(reply: Reply) -> BoardFacts:
    current, libc = reply.value("current"), reply.value("libc")
    free, clock = (int(text) if text and text.isdigit() else None for text in map(reply.value, ("free", "clock")))
    return BoardFacts(
        machine=reply.value("machine") or "unknown",
        kernel=reply.value("kernel") or "unknown",
        lacks=tuple(reply.told.get("lacks", ())),
        missing_loaders=tuple(reply.told.get("no-loader", ())),
        libc=read_libc(libc) if libc else None,
        free=None if free is None else free * 1024,
        not_writable=reply.value("not-writable"),
        has_folder=reply.value("folder") is not None,
        current=PurePosixPath(current).name if current else None,
        previous=reply.value("previous"),
        items=read_manifest(reply.told.get("item", ())),
        running_loaders=tuple(reply.told.get("runs", ())),
        dead_loaders=tuple(reply.told.get("dead-loader", ())),
        loaders=tuple(reply.told.get("has-loader", ())),
        not_executable=reply.value("not-executable"),
        no_links=reply.value("no-links"),
        mount=reply.value("mount"),
        clock=clock,
        certificates=reply.value("certificates"),
        zones=reply.value("zones"),
        replaced=tuple(reply.told.get("replaced", ())),
    )


def find_misfits(facts: BoardFacts, target: Target, needs: BoardNeeds, size: int) -> list[str]:
    """All reasons why a tree that needs `needs` and `size` more bytes does not fit on a board; none means it does."""
    reasons = [*_judge_system(facts, target, needs)]
    newest = needs.of_libc
    if newest and newest.libc and facts.libc and not facts.libc.loads(newest.libc):
        reasons.append(f"libc: the tree needs {newest}, the board has {facts.libc}")
    kernel = kernel_version(facts.kernel)
    if needs.kernel and kernel and is_newer(needs.kernel, kernel):
        reasons.append(f"kernel: the tree needs {needs.kernel} or newer, the board has {facts.kernel}")
    if facts.lacks:
        reasons.append(f"programs: the board lacks {', '.join(facts.lacks)}")
    reasons += _judge_place(facts)
    if facts.free is not None and size * _SLACK > facts.free:
        reasons.append(f"space: {size * _SLACK / 1e6:.1f} MB are needed, {facts.free / 1e6:.1f} MB are free")
    return reasons


def board_refusal(address: object, reasons: list[str]) -> BoardError:
    return BoardError(
        f"{address}: this tree does not fit on this board; nothing was copied",
        evidence=reasons,
        next="check target= (the kind of board) and prefix= (the folder on it); slim=1 needs less space",
    )


def _judge_place(facts: BoardFacts) -> Iterator[str]:
    """Whether files, programs and links can be made where the prefix is to be."""
    mount = facts.mount or "/"
    if facts.not_writable:
        cure = f"; on the board: mount -o remount,rw {mount}" if "ead-only" in facts.not_writable else ""
        yield f"rights: no file can be made in {facts.not_writable}{cure}"
    if facts.not_executable:
        yield f"rights: no program starts in {facts.not_executable}; on the board: mount -o remount,exec {mount}"
    if facts.no_links:
        yield f"links: the file system of {facts.no_links} has no symbolic links; use a prefix= on another file system"


def kernel_version(kernel: str) -> str | None:
    """The version at the start of a kernel's release, without the vendor's suffix: 4.19.111+, 5.10.160_custom."""
    found = re.match(r"\d+(\.\d+)*", kernel)
    return found[0] if found else None


def _judge_system(facts: BoardFacts, target: Target, needs: BoardNeeds) -> Iterator[str]:
    """Whether the board can start the target's programs. The loader is the evidence; `uname -m` only tells the kernel's
    machine, and a kernel may run programs of other machines, too."""
    for loader in facts.missing_loaders:
        others = " and ".join(known_loaders(facts.loaders)) or "none that is known"
        yield (
            f"loader: the tree is for {target.machine} and needs {describe_loader(loader)}; "
            f"the board has {others}, and uname -m says {facts.machine}"
        )
    if facts.missing_loaders:
        return
    related = are_related(facts.machine, target.machine)
    starts = bool(needs.interpreters) and set(needs.interpreters) <= set(facts.running_loaders)
    if runs(facts.machine, target.machine) is False and (related or not starts):
        yield f"uname -m: the tree is for {target.machine}, the board is {facts.machine}"
    if not related:
        yield from (f"loader: it exists, but does not start: {said[:_LONGEST]}" for said in facts.dead_loaders)
