"""The site file that all configure scripts of one compiler read: it is made for the first script, and then kept.

Knows which compiler a component's scripts call, and when answers are too old. toolchain/answers.py knows the questions,
and which answers may be shared. Products are the same with and without the file, so no signature depends on it. Paths
belong to the build machine.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path

from crosspython.stages.component_build import ComponentBuild
from crosspython.store.disk import write_whole
from crosspython.toolchain.answers import DECIDED, find_shared_libc, read_answers, write_questions
from crosspython.toolchain.find import describe_file

_MAKING: dict[Path, threading.Lock] = {}


def site_file(build: ComponentBuild) -> Path:
    """The file with the answers for a component's compiler. It is made if needed; meanwhile, other components that need
    it wait."""
    toolchain = build.order.toolchain
    command = f"{build.workshop.target.triplet}-gcc"
    compiler = Path(shutil.which(command, path=build.environment()["PATH"]) or command)
    real = Path(f"{toolchain.prefix}gcc")
    libc = find_shared_libc(real)
    facts = [describe_file(real), describe_file(libc) if libc else "", toolchain.identity, DECIDED]
    head = f"# {command} {_hash(chr(10).join(facts))}"
    place = build.workshop.sites / f"{command}.site"
    with _MAKING.setdefault(place, threading.Lock()):
        if not _is_whole(place, head):
            answers = _ask(build, compiler, libc)
            write_whole(place, f"{head} {_hash(answers)}\n{answers}")
    return place


def _is_whole(place: Path, head: str) -> bool:
    """Whether the file was written for the same facts, and nobody has changed it since."""
    try:
        first, _, answers = place.read_text(errors="replace").partition("\n")
    except OSError:
        return False
    return first == f"{head} {_hash(answers)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ask(build: ComponentBuild, compiler: Path, libc: Path | None) -> str:
    """Ask the compiler, as scripts call it, with a sysroot that has no libraries of other components."""
    folder, sysroot = build.work / "answers", build.work / "answers/sysroot"
    sysroot.mkdir(parents=True)
    for arguments in write_questions(folder):
        build.run((str(compiler), *arguments), cwd=folder, env={"CROSSPYTHON_SYSROOT": str(sysroot)}, may_fail=True)
    return read_answers(folder, libc)
