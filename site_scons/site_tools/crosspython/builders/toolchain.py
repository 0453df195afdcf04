"""The toolchain as a node: it is found, checked and described before anything is compiled with it.

The node has two files: toolchain.txt holds the facts that products depend on; toolchain.json also holds the compiler's
path. The compiler is probed again if one of its parts was moved or touched, or if somebody edited these files. If the
facts are the same as before, nothing is rebuilt.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from typing import Any

from crosspython.builders.action import fact, late_fact, make_action
from crosspython.builders.build import Build
from crosspython.builders.code import hash_modules
from crosspython.builders.guest import declare
from crosspython.builders.paths import folder_node
from crosspython.builders.scons_internals import wait_in
from crosspython.builders.settings import USERS_FOLDER, Settings
from crosspython.builders.verified import make_again
from crosspython.errors import ToolchainError
from crosspython.store.disk import write_whole
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS, USUAL, Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import describe_place
from crosspython.toolchain.sdk import is_spoilt


def toolchain_node(env: Any) -> Any:
    """The node of toolchain.txt, made once a Build."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    text, facts_file = settings.folder / "toolchain.txt", _facts_file(build)
    if build.declared.toolchain is not None:
        return build.declared.toolchain

    def look(target: list[Any], source: list[Any], env: Any) -> None:
        toolchain = look_at_toolchain(build, build.run.console.warn)
        _require_libc(toolchain, settings.libc, settings.libc_kind)
        if settings.target.brings_libc:
            _require_own_loader(toolchain)
            _require_kernel(toolchain, settings.target)
        toolchain.write(facts_file)
        write_whole(text, toolchain.identity + "\n")
        build.run.workshop.console.line(f"  toolchain {toolchain.describe()}")

    place = partial(describe_place, settings.target, settings.toolchain, path=settings.path)
    sources = [
        late_fact(env, "the toolchain's place", place),
        late_fact(env, "what is asked of it", partial(_asked_of_it, settings)),
        target_fact(env),
    ]
    action = make_action("look at the toolchain", look, "looking at the toolchain")
    nodes = declare(env, [text, facts_file], sources, action)
    if not build.run.only_removes and known_toolchain(build) is None:
        make_again(nodes)
    env.Clean(nodes, [folder_node(env, settings.folder / name) for name in ("toolchain", "sites")])
    build.declared.toolchain = nodes[0]
    wait_in(nodes[0], _InTurn(build))
    return nodes[0]


def _asked_of_it(settings: Settings) -> str:
    """Whatever changes the facts about a compiler that is found at the same place."""
    asked = " ".join(field.name for field in fields(Toolchain))
    if settings.target.libc is not None:
        asked += f"\n{made_toolchains()}"
    asked += f"\nlibc={settings.libc_kind}" if settings.libc_kind else ""
    return asked + ("\nlibc=private" if settings.target.brings_libc else "")


def made_toolchains() -> Path:
    """The folder of the build machine in which this version of our code stores the toolchains for older glibcs."""
    kept = Path(USERS_FOLDER).expanduser() / "toolchains"
    return kept.resolve() / hash_modules(frozenset([MAKE_OLDER]))[:16]


def look_at_toolchain(build: Build, remark: Callable[[str], None]) -> Toolchain:
    """Find the chosen compiler and probe it, even if its facts are known already. Raises what load_toolchain raises.

    remark: gets a sentence for the user
    """
    from crosspython.toolchain.load import load_toolchain  # slow to import; not needed if the toolchain is known

    settings = build.settings
    return load_toolchain(
        settings.target,
        settings.toolchain,
        path=settings.path,
        unpack_into=settings.folder / "toolchain",
        make_in=made_toolchains(),
        remark=remark,
    )


def _require_libc(toolchain: Toolchain, asked: Libc | None, kind: str) -> None:
    if kind and toolchain.libc.name != kind:
        raise ToolchainError(
            f"{toolchain.prefix}gcc does not link for {kind}, which libc={kind} needs",
            expected=f"an SDK whose libc is {kind}, as toolchain=",
            found=f"a compiler whose own libc is {toolchain.libc}",
        )
    if asked is not None and toolchain.libc != asked:
        raise ToolchainError(
            f"{toolchain.prefix}gcc cannot link for {asked}",
            expected=f"libc='{toolchain.libc}' or an older one, or libc=board",
            found=f"a compiler whose own libc is {toolchain.libc}",
        )


def _require_own_loader(toolchain: Toolchain) -> None:
    """Check that the loader has the option --argv0, by which the starter passes the program's name. For
    libc=private."""
    libc = toolchain.libc
    if not libc.has_since(libc.kind.argv0):
        raise ToolchainError(
            f"libc=private cannot put the libc of {toolchain.prefix}gcc into the bundle",
            expected=f"{Libc(USUAL, LIBCS[USUAL].argv0)} or newer, whose loader knows --argv0",
            found=str(libc),
            next="leave out toolchain=: then a compiler of the distribution is used",
        )


def _require_kernel(toolchain: Toolchain, target: Target) -> None:
    """Check that the compiler's libc runs on the board's kernel: its ABI note has the oldest kernel (glibc's abi-tags).
    For libc=private."""
    from crosspython.elf.file import read_elf
    from crosspython.elf.versions import is_newer

    library = Path(toolchain.libc_folder) / toolchain.libc.libraries[0]
    elf = read_elf(library) if library.is_file() else None
    if elf is not None and elf.kernel and target.kernel and is_newer(elf.kernel, target.kernel):
        raise ToolchainError(
            f"libc=private: {toolchain.libc} of {toolchain.prefix}gcc does not run on {target.name}",
            expected=f"Linux {elf.kernel} or newer on the board",
            found=f"Linux {target.kernel} (kernel)",
            next='build for the board\'s own libc, libc="glibc 2.28" or toolchain=; docs/targets.md, The libc',
        )


def known_toolchain(build: Build) -> Toolchain | None:
    """The toolchain as an earlier run has found it; None if there is none, or if it has changed since."""
    facts_file = _facts_file(build)
    if not build.run.fingerprints.is_same(facts_file):
        return None
    try:
        toolchain = Toolchain.read(facts_file)
    except ToolchainError:  # another version of crosspython wrote it
        return None
    return toolchain if toolchain.is_untouched else None


def toolchain_of(build: Build) -> Toolchain:
    """The toolchain, for actions whose nodes depend on the toolchain's node. Our copy of an SDK is checked for changes
    before, once a run.

    Raises ToolchainError.
    """
    with _LOOKING:
        toolchain = Toolchain.read(_facts_file(build))
        if not build.run.has_whole_sdk:
            copies = build.settings.folder / "toolchain"
            if is_spoilt(copies):
                build.run.console.warn(f"{copies} was changed since it was unpacked, so the SDK is unpacked again")
                again = look_at_toolchain(build, print)
                _require_same(toolchain, again)
            build.run.has_whole_sdk = True
    return toolchain


def find_toolchain(build: Build) -> Toolchain | None:
    """The toolchain, before anything is built; None: not known yet under -n."""
    known = known_toolchain(build)
    if known is not None or build.run.only_looks:
        return known
    build.run.take_lock()
    return look_at_toolchain(build, build.run.console.warn)


def describe_boards(build: Build, toolchain: Toolchain) -> str:
    """For which boards things were built, by their libc."""
    if build.settings.target.brings_libc:
        return f"for bundles with libc=private, which contain {toolchain.libc}"
    return f"for boards with {toolchain.libc.starting}"


def emulators_root(build: Build, toolchain: Toolchain) -> Path:
    """The folder in which the emulator finds the loader and the libc: the board's, if the user gave its file system;
    else the toolchain's."""
    from crosspython.toolchain.emulator import libc_root, link_libraries

    given = build.settings.board_root
    return link_libraries(given, build.run.workshop.work / "board-root") if given else libc_root(toolchain)


def _require_same(toolchain: Toolchain, again: Toolchain) -> None:
    if again.identity != toolchain.identity:
        raise ToolchainError(
            f"{again.prefix}gcc: the SDK was changed since it was probed",
            expected=toolchain.identity,
            found=again.identity,
            next="start the build again",
        )


def _facts_file(build: Build) -> Path:
    return build.settings.folder / "toolchain.json"


def target_fact(env: Any) -> Any:
    """The target, as a source of everything that is built for it."""
    target = env["CROSSPYTHON"].settings.target
    return fact(env, f"target {target.name}", _describe(target))


@cache
def _describe(target: Target) -> str:
    return json.dumps(target.facts(), indent=1, sort_keys=True)


_LOOKING = threading.Lock()
# The module that makes toolchains for older glibcs. If its code changes, they are made again.
MAKE_OLDER = "crosspython.toolchain.older_glibc.make"


class _InTurn(set[Any]):
    """The nodes that wait for the toolchain, so that they start in the order in which components were declared.

    SCons's own set has another order in each run. If a long build that uses only one core starts last, the other cores
    are idle. The order is reversed because SCons starts the last of the nodes that became ready first.
    """

    def __init__(self, build: Build) -> None:
        super().__init__()
        self._build = build

    def __iter__(self) -> Iterator[Any]:
        turns = {part.node: turn for turn, part in enumerate(self._build.components.values())}
        return iter(sorted(super().__iter__(), key=lambda node: turns.get(node, len(turns)), reverse=True))
