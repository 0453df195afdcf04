"""What a board is and has, and whether a tree fits on it: asked before anything is copied."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from crosspython.board.manifest import NAME, Item, read_manifest
from crosspython.board.ssh import MARK, Reply, Session
from crosspython.elf.versions import parse_version
from crosspython.errors import BoardError
from crosspython.stages.board import BoardNeeds
from crosspython.targets import Target
from crosspython.targets.machines import find_machine

TOOLS = ("tar", "cp", "mv", "rm", "mkdir", "ln", "cat", "df", "tail", "sed", "dirname", "readlink")
# Beside the files themselves: folders, and what a file system rounds up.
_SLACK = 1.1

# POSIX and BusyBox alone. The loader runs the libc, which prints its version, even where the file may not be executed.
_PROBE = """
echo "{mark}machine $(uname -m)"
echo "{mark}kernel $(uname -r)"
for tool in {tools}; do command -v $tool >/dev/null || echo "{mark}lacks $tool"; done
for loader in {loaders}; do
    [ -e $loader ] || {{ echo "{mark}no-loader $loader"; continue; }}
    for libc in /lib/libc.so.6 /lib/*/libc.so.6 /usr/lib/libc.so.6 /usr/lib/*/libc.so.6; do
        [ -e $libc ] && $loader $libc 2>/dev/null | sed -n '1s/.*version \\([0-9.]*[0-9]\\).*/{mark}glibc \\1/p' && break
    done
done
folder={parent}
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
[ -w "$folder" ] || echo "{mark}not-writable $folder"
set -- $(df -Pk "$folder" 2>/dev/null | tail -n 1)
[ $# -ge 6 ] && echo "{mark}free $4"
if [ -L {prefix} ]; then echo "{mark}current $(readlink {prefix})"; elif [ -d {prefix} ]; then echo "{mark}folder yes"; fi
[ -f {prefix}/{manifest} ] && sed 's/^/{mark}item /' {prefix}/{manifest}
[ -f {versions}/previous ] && echo "{mark}previous $(cat {versions}/previous)"
exit 0
"""


@dataclass(frozen=True)
class Places:
    """Where things lie on the board: `prefix` is a link into `versions`, in which each tree has a folder."""

    prefix: str

    @property
    def parent(self) -> str:
        return str(PurePosixPath(self.prefix).parent)

    @property
    def versions(self) -> str:
        return f"{self.parent.rstrip('/')}/.{PurePosixPath(self.prefix).name}-versions"


@dataclass(frozen=True)
class BoardFacts:
    """What the board told. `free` in bytes, None where it does not tell; `current` and `previous` name versions."""

    machine: str
    kernel: str
    lacks: tuple[str, ...]
    missing_loaders: tuple[str, ...]
    glibc: str | None
    free: int | None
    not_writable: str | None
    has_folder: bool
    current: str | None
    previous: str | None
    items: dict[str, Item]


def ask(session: Session, places: Places, needs: BoardNeeds | None = None) -> BoardFacts:
    """Ask a board, in one command, what it is and what lies there. Raises BoardError.

    needs: whose loader is looked for, and asked for the version of its libc
    """
    script = _PROBE.format(
        mark=MARK,
        tools=" ".join(TOOLS),
        loaders=" ".join(map(shlex.quote, needs.interpreters if needs else ())),
        parent=shlex.quote(places.parent),
        prefix=shlex.quote(places.prefix),
        versions=shlex.quote(places.versions),
        manifest=NAME,
    )
    return read_facts(session.run(script, "ask the board"))


def read_facts(reply: Reply) -> BoardFacts:
    free, current = reply.value("free"), reply.value("current")
    return BoardFacts(
        machine=reply.value("machine") or "unknown",
        kernel=reply.value("kernel") or "unknown",
        lacks=tuple(reply.told.get("lacks", ())),
        missing_loaders=tuple(reply.told.get("no-loader", ())),
        glibc=reply.value("glibc"),
        free=int(free) * 1024 if free and free.isdigit() else None,
        not_writable=reply.value("not-writable"),
        has_folder=reply.value("folder") is not None,
        current=PurePosixPath(current).name if current else None,
        previous=reply.value("previous"),
        items=read_manifest(reply.told.get("item", ())),
    )


def find_misfits(facts: BoardFacts, target: Target, needs: BoardNeeds, size: int) -> list[str]:
    """All reasons why a tree that needs `needs` and `size` more bytes does not fit on a board; none means it does."""
    reasons = []
    if not _runs(facts.machine, target.machine):
        reasons.append(f"uname -m: the tree is for {target.machine}, the board is {facts.machine}")
    reasons += [f"loader: the tree's programs ask for {path}, the board has none" for path in facts.missing_loaders]
    glibc = needs.versions.get("GLIBC")
    if glibc and facts.glibc and parse_version(glibc.version) > parse_version(facts.glibc):
        reasons.append(f"libc: the tree needs {glibc}, the board has glibc {facts.glibc}")
    if needs.kernel and parse_version(needs.kernel) > parse_version(facts.kernel.split("-")[0]):
        reasons.append(f"kernel: the tree needs {needs.kernel} or newer, the board has {facts.kernel}")
    if facts.lacks:
        reasons.append(f"programs: the board lacks {', '.join(facts.lacks)}")
    if facts.not_writable:
        reasons.append(f"rights: {facts.not_writable} cannot be written there by this user")
    if facts.free is not None and size * _SLACK > facts.free:
        reasons.append(f"space: {size * _SLACK / 1e6:.1f} MB are needed, {facts.free / 1e6:.1f} MB are free")
    return reasons


def refuse(address: object, reasons: list[str]) -> BoardError:
    return BoardError(
        f"{address}: this tree does not fit on this board; nothing was copied",
        evidence=reasons,
        next="target= names the kind of board, prefix= the place on it, slim=1 needs less space",
    )


def _runs(machine: str, wanted: str) -> bool:
    """Whether programs for a machine run on another: newer 32-bit ARM ones run what is for older ones."""
    if machine == wanted:
        return True
    order = ("armv5tejl", "armv6l", "armv7l", "armv8l")
    same_bits = wanted in order and machine in order
    return same_bits and order.index(machine) >= order.index(wanted) and find_machine(wanted).bits == 32
