"""The standalone front door: settings of the whole SCons run, which crosspython's own SConstruct may change. As a guest
in another build, crosspython must leave them alone.

Help, the number of jobs, and the lock on the build folder before anything is read.
"""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosspython.board.address import parse_address
from crosspython.builders import signatures
from crosspython.builders.build import Build
from crosspython.builders.paths import escape
from crosspython.builders.project_file import ProjectFile
from crosspython.builders.refusal import refusing
from crosspython.builders.scons_internals import leave_out, names_of_aliases
from crosspython.builders.settings import BOARD, CVE, IMAGE, TELLING, VARIABLES, WHEELS
from crosspython.errors import ConfigurationError
from crosspython.hosttools import require_tools
from crosspython.names import check_known

# The goals, with what each of them does.
NAMES = {
    "(nothing)": "the bundle and the sysroot",
    "bundle": "the archive that is unpacked on the board",
    "sysroot": "the folder that firmware code compiles and links against",
    "wheels": "the wheelhouse: the packages of pkgs= and all that they need at run time, for the board's own pip",
    "image": "one file for the board: the bundle, with the packages of pkgs= installed in it",
    "check": "run the products in the emulator: all modules, TLS, SQLite, ..., CPython's own tests",
    "deploy": "copy the products to the board of board=, and use them there after their check has passed",
    "rollback": "let the board of board= use the previous products again",
    "debug": "debug symbols of all products: build/<target>/stages/*.debug.tar.zst",
    "fetch": "fetch all sources, for later builds with offline=1",
    "report": "a page about the last build: build/<target>/report.html",
    "sbom": "SBOMs: what the products contain, as CycloneDX and SPDX: build/<target>/sbom/",
    "legal-info": "texts of all licences, sources and patches, with a table: build/<target>/legal-info/",
    "provenance": "what each product was made from, as in-toto statements with SLSA provenance",
    "verify": "compare a product (scons verify FILE) with its statement, the lock, the recipes and the cache",
    "reproduce": "build twice under different conditions, without the cache, and show the differences",
    "cve": "known vulnerabilities in the bundle and in the lock, from the database of cve_db=",
    "lock": "resolve pkgs=, write the lock, and build nothing",
    "tree": "the packages of the lock, as a tree",
    "rebuild": "build the wheels of pkgs= again, even if they exist",
    "compile_commands": "build the packages of pkgs= again, or components (scons compile_commands openssl), and keep"
    " their sources, with compile_commands.json",
    "shell": "a shell in the build of the package of pkgs=: its source, its environment, its compilers",
    "outdated": "the locked packages that have newer versions",
    "why": "why the packages of pkgs= are in the lock",
    "schema": "a JSON Schema of crosspython.toml, for editors: build/crosspython.schema.json",
    "doctor": "the programs that this machine lacks, and the command that installs them",
}


# Goals that include the wheels that pkgs= names.
_WITH_WHEELS = {
    "shell",
    "rebuild",
    "compile_commands",
    "fetch",
    "check",
    "image",
    "sbom",
    "legal-info",
    "provenance",
    "cve",
    "reproduce",
}
# Goals that include them only with libraries=bundle.
_BUNDLING = {"bundle", "deploy"}
# Goals about a board, which need board=; only `check` also works without it.
_ON_BOARD = {"deploy", "rollback", "check"}
# Goals that read the lock of pkgs= and make no wheel.
_ON_LOCK = {"lock", "outdated", "tree", "why"}
# Goals that write a document with format=json.
_TELLING = {*_ON_LOCK, "doctor", "report", "wheels", "check"}
_GOALS = {
    WHEELS: ("wheels", *sorted(_WITH_WHEELS | _ON_LOCK)),
    BOARD: sorted(_ON_BOARD),
    IMAGE: ("image",),
    CVE: ("cve", "outdated"),
    TELLING: sorted(_TELLING),
}


_NAME_WIDTH = max(len(name) for name in (*NAMES, *(variable.name for variable in VARIABLES)))


def help_text(project: ProjectFile) -> str:
    """The text of `scons -h`. project: the settings of the folder's file"""
    lines = [
        "",
        "crosspython: any Python on any embedded Linux board.",
        "",
        "  scons [NAME ...] [VARIABLE=VALUE ...]",
        "",
    ]
    for name, what in NAMES.items():
        lines += _wrapped(name, what)
    lines += ["", "Variables (yes, true and on are 1; no, false and off are 0):", ""]
    for variable in VARIABLES:
        allowed = f"; allowed: {', '.join(variable.allowed)}" if variable.allowed else ""
        lines += _wrapped(variable.name, variable.help)
        lines += _wrapped("", f"default: {variable.default or 'none'}{allowed}")
        if variable.name in project.texts:
            lines += _wrapped("", f"here: {project.texts[variable.name]} ({project.places[variable.name].file.name})")
    return "\n".join([*lines, ""])


def _wrapped(name: str, text: str) -> list[str]:
    """A name and what it means, in two columns. 80 columns are what a terminal has at least."""
    lines = textwrap.TextWrapper(
        80,
        initial_indent=f"  {name:<{_NAME_WIDTH}} ",
        subsequent_indent=" " * (_NAME_WIDTH + 3),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.wrap(text)


def asks_for_wheels(env: Any, goals: Sequence[str]) -> bool:
    """Whether a run is about wheels: the goal is `wheels`, or wheels are named and the goal fetches, checks or bundles
    things that they need."""
    settings = env["CROSSPYTHON"].settings
    names_some = bool(settings.packages) or settings.lock is not None
    bundles = settings.libraries == "bundle" and (not goals or not _BUNDLING.isdisjoint(goals))
    with_them = bundles or not _WITH_WHEELS.isdisjoint(goals)
    return not env.GetOption("help") and ("wheels" in goals or (names_some and with_them))


@refusing
def check_board(env: Any, goals: Sequence[str], given: Mapping[str, str]) -> None:
    """Check before anything is built that a goal about a board has an address to reach. Raises UserError.

    given: the command line's variables; an empty board= overrides the board of the project's file
    """
    settings, project = env["CROSSPYTHON"].settings, env["CROSSPYTHON"].project
    is_meant = settings.board or ("board" in given and "board" not in project.overruled)
    on_board = _ON_BOARD if is_meant else _ON_BOARD - {"check"}
    if on_board.isdisjoint(goals) or env.GetOption("help") or env.GetOption("clean"):
        return
    parse_address(settings.board or "")
    if settings.others:
        names = ", ".join([settings.target.name, *settings.others])
        raise ConfigurationError(
            f"board={settings.board} is one board, but there are several targets: {names}",
            next=f"scons {' '.join(goals)} target={settings.target.name}",
        )
    require_tools(["ssh"], settings.path)
    if settings.ssh_config and not settings.ssh_config.is_file():
        raise ConfigurationError(f"ssh_config={settings.ssh_config}: there is no such file")


@refusing
def check_image(env: Any, goals: Sequence[str]) -> None:
    """Check, before anything is built, that the programs that make an image are here. Raises HostToolError."""
    if "image" in goals and not (env.GetOption("help") or env.GetOption("clean")):
        from crosspython.image.forms import FORMS

        settings = env["CROSSPYTHON"].settings
        FORMS[settings.image].require_tools(settings.path)


@refusing
def open_build(env: Any) -> None:
    """Start a build of our own: as many jobs as cores, one run at a time. Raises UserError."""
    build: Build = env["CROSSPYTHON"]
    env.SetOption("num_jobs", os.cpu_count() or 1)
    if (jobs := int(env.GetOption("num_jobs"))) < 1:
        raise ConfigurationError(f"-j {jobs}: no job could run", expected="-j1 or more; without -j, all cores are used")
    folder = build.settings.build
    only_looks = any(env.GetOption(option) for option in ("help", "no_exec", "question"))
    if not only_looks:
        build.run.take_lock()
    if folder.is_dir():
        env.SConsignFile(escape(str(folder / ".sconsign")), signatures)


def take_files(goal: str, goals: Sequence[str]) -> list[str]:
    """The files that the command line names beside a goal which reads existing files. SCons must not build them."""
    if goal not in goals:
        return []
    named = [name for name in goals if name != goal]
    leave_out(named)
    return named


@refusing
def take_components(env: Any, goals: Sequence[str]) -> list[str]:
    """The components that the command line names beside compile_commands. SCons must not build them as files.
    Raises UserError for other names."""
    if "compile_commands" not in goals:
        return []
    known = [name for name, part in env["CROSSPYTHON"].components.items() if part.order is not None]
    named = [goal for goal in goals if goal not in NAMES]
    check_known("compile_commands: no such component{s}", named, known)
    leave_out(named)
    return named


@refusing
def check_goals(env: Any, goals: Sequence[str], given: Mapping[str, str]) -> None:
    """Check that each goal exists and that no variable would be ignored. Raises UserError with what was probably meant.

    given: the command line's variables
    Call it after everything was declared. Paths are not checked here: SCons reports unknown ones.
    """
    if "verify" in goals:
        return  # all others are files
    asked = [goal for goal in goals if "/" not in goal and not Path(goal).exists()]
    aliases = set(names_of_aliases())
    unknown = [goal for goal in asked if goal not in aliases and not env.Entry(escape(goal)).has_builder()]
    names = sorted(aliases & set(NAMES))
    check_known("unknown name{s}", unknown, names, next="scons -h describes each of them")
    if not env.GetOption("help"):
        require_use(
            given,
            {
                WHEELS: asks_for_wheels(env, goals) or not _ON_LOCK.isdisjoint(goals),
                BOARD: not _ON_BOARD.isdisjoint(goals),
                IMAGE: "image" in goals,
                CVE: not {"cve", "outdated"}.isdisjoint(goals),
                TELLING: not _TELLING.isdisjoint(goals),
            },
        )


def require_use(given: Mapping[str, str], uses: Mapping[str, bool]) -> None:
    """Raise ConfigurationError for variables that would be ignored, because this run is not about wheels or a board.

    given: the command line's variables
    uses:  by what variables are about, whether this run is
    """
    chosen = [variable for variable in VARIABLES if variable.read(given) != variable.default]
    ignored = [variable for variable in chosen if not uses.get(variable.of, True)]
    if not ignored:
        return
    of, shown = ignored[0].of, [f"{variable.name}={given[variable.name]}" for variable in ignored]
    goal = {WHEELS: "wheels", BOARD: "deploy", IMAGE: "image", CVE: "cve", TELLING: "wheels"}[of]
    raise ConfigurationError(
        f"{' '.join(shown)} would be ignored: no goal of this run is about {of}",
        expected=f"one of {', '.join(_GOALS[of])}" + (" with pkgs= or lock=" if of == WHEELS else ""),
        next=f"scons {goal} {' '.join(shlex.quote(text) for text in shown)}",
    )
