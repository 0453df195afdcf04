"""Programs that come first on a build's PATH, in front of the build machine's own. They answer for the board, or fail
with an error.

Makefiles and setup scripts call `gcc`, `ld`, `pkg-config` or `xml2-config` by these bare names, and would find the
build machine's libraries. Here a bare name means the board's tool. The build machine's compiler, for helper programs
that run during the build, is called by autoconf's variable for it ($CC_FOR_BUILD; docs/decisions/0028).
Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from crosspython.run.asking import ask_program
from crosspython.toolchain.native import build_triplet

_HEAD = "#!/bin/sh\n# Written by crosspython.\n"

# The bare names of tools that a build may also need for programs that run on the build machine.
_NATIVE = (
    *("gcc", "cc", "g++", "c++", "cpp", "gfortran"),
    *("ar", "nm", "ranlib", "gcc-ar", "gcc-nm", "gcc-ranlib"),
    *("as", "ld", "strip", "objcopy", "objdump", "readelf"),
)
# Tools among these, and others without a wrapper, that report this machine's headers and libraries.
_COMPILERS = (
    *("gcc", "cc", "g++", "c++", "cpp", "gfortran", "ld"),
    *("c89", "c99", "c89-gcc", "c99-gcc", "f77", "f95", "g77", "clang", "clang++", "tcc"),
)
# The same with a version (gcc-12), with the build machine's own triplet (x86_64-linux-gnu-gcc), or with both.
_OTHER_NAME = re.compile(
    rf"(?P<triplet>{re.escape(os.uname().machine)}-(?:\w+-)?linux-(?:\w+-)?)?"
    rf"(?P<tool>{'|'.join(map(re.escape, sorted({*_NATIVE, *_COMPILERS}, key=len, reverse=True)))})"
    r"(?P<version>-\d+(?:\.\d+)*)?"
)

_NO_LIBRARY = "reports the build machine's libraries: declare the library as a component"
_NO_COMPILER = "compiles for the build machine: use $CC or $FC for the board, $CC_FOR_BUILD for programs that run here"
_NO_PKG_CONFIG = "answers with a sysroot of its own: put another pkg-config before it on PATH"

# GNU autoconf's archive (AX_PROG_CC_FOR_BUILD), Meson's manual ("Environment variables"), ncurses and SQLite
# (BUILD_CC), Linux's kbuild (HOSTCC).
_VARIABLES = {
    "gcc": ("CC_FOR_BUILD", "BUILD_CC", "HOSTCC"),
    "g++": ("CXX_FOR_BUILD", "BUILD_CXX", "HOSTCXX"),
    "ar": ("AR_FOR_BUILD", "HOSTAR"),
    "ld": ("LD_FOR_BUILD", "HOSTLD"),
    "nm": ("NM_FOR_BUILD",),
    "ranlib": ("RANLIB_FOR_BUILD",),
    "strip": ("STRIP_FOR_BUILD",),
}

NATIVE_SWITCH = "CROSSPYTHON_BARE_NAMES"
"""A variable. "build": bare names (`gcc`) mean the build machine's tools, for packages that need programs here."""

NATIVE_LINKS = "CROSSPYTHON_LINKED"
"""A variable that names a file: it is there after a bare `gcc` was told to link a program."""

# The compiler links a program unless an option says otherwise; without an input file it was only a probe.
_BARE_COMPILER = """\
if [ "${{{switch}-}}" = build ]; then exec {native} "$@"; fi
if [ "${{{links}-}}" ]; then
    program= input=
    for word do
        case $word in
        -c | -S | -E | -M | -MM | -shared | -r | -fsyntax-only) program=no ;;
        -*) ;;
        *.c | *.cc | *.cpp | *.cxx | *.C | *.o | *.s | *.S) input=yes ;;
        esac
    done
    if [ "$program$input" = yes ]; then : >"${links}"; fi
fi
exec {cross} "$@"
"""

# The call may have been meant for a program that runs here: then the package is built a second time, as after a bare
# `gcc`.
_REFUSED_COMPILER = """\
if [ "${{{switch}-}}" = build ]; then exec {native} "$@"; fi
if [ "${{{links}-}}" ]; then : >"${links}"; fi
echo {sentence} >&2
exit 1
"""

_PKG_CONFIG = """\
if [ -z "${{PKG_CONFIG_LIBDIR-}}" ]; then
    echo "crosspython: {name}: PKG_CONFIG_LIBDIR is not set, so it would report the build machine's libraries" >&2
    exit 1
fi
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
PATH={path} exec {program} "$@"
"""

# A library that does not exist, and the output that pkg-config must give for it: no folders may be added to these.
_PROBE = "Name: probe\nDescription: none\nVersion: 1\nCflags: -I/crosspython/i\nLibs: -L/crosspython/l -lprobe\n"
_PROBED = ["-I/crosspython/i", "-L/crosspython/l", "-lprobe"]


def native_tools(path: str) -> dict[str, str]:
    """The variables that name the tools for programs that run on the build machine, if these tools are on PATH.

    If Meson has to find a compiler, it puts this machine's ccache or sccache before it (its manual,
    "Feature autodetection").
    """
    found = {tool: f"{build_triplet()}-{tool}" for tool in _VARIABLES if shutil.which(tool, path=path)}
    return {variable: found[tool] for tool, variables in _VARIABLES.items() if tool in found for variable in variables}


def write_programs(folder: Path, triplet: str, path: str) -> None:
    """Write all programs beside the compiler wrappers in `folder`, whose names begin with the target's triplet.

    path: of the build machine's own tools
    """
    bare = {name: _bare_name(name, folder, triplet, path) for name in _wrapped(folder, triplet)}
    scripts = {
        **_native_scripts(path, besides=triplet),
        **bare,
        "ldconfig": _HEAD + "exit 0\n",
        **_pkg_config_scripts(triplet, path),
    }
    for name, text in scripts.items():
        write_script(folder / name, text)


def write_refusals(folder: Path, triplet: str, path: str) -> None:
    """Write scripts for the build machine's remaining tools: each one calls the board's tool, or fails if there is
    none. Names that `folder` has already are skipped, so call this last.

    path: of the build machine's own tools
    """
    scripts = {
        **{name: _refusal(name, _NO_LIBRARY) for name in _config_programs(path)},
        **_other_names(folder, triplet, path),
    }
    for name, text in scripts.items():
        if not (folder / name).exists():
            write_script(folder / name, text)


def write_script(path: Path, text: str) -> None:
    """Write a program."""
    path.write_bytes(os.fsencode(text))
    path.chmod(0o755)


def _wrapped(folder: Path, triplet: str) -> list[str]:
    return [path.name.removeprefix(f"{triplet}-") for path in folder.glob(f"{triplet}-*")]


def _bare_name(name: str, folder: Path, triplet: str, path: str) -> str:
    native = shlex.quote(str(folder / f"{build_triplet()}-{name}")) if shutil.which(name, path=path) else ""
    return _mean_the_boards(name, native, folder / f"{triplet}-{name}")


def _mean_the_boards(tool: str, native: str, wrapper: Path) -> str:
    """A script that calls the board's tool. native: the command that it calls instead, on demand; "": there is none."""
    cross = shlex.quote(str(wrapper))
    if native and tool in ("gcc", "cc", "g++", "c++", "gfortran"):
        return _HEAD + _BARE_COMPILER.format(switch=NATIVE_SWITCH, links=NATIVE_LINKS, native=native, cross=cross)
    switch = f'if [ "${{{NATIVE_SWITCH}-}}" = build ]; then exec {native} "$@"; fi\n' if native else ""
    return f'{_HEAD}{switch}exec {cross} "$@"\n'


def _other_names(folder: Path, triplet: str, path: str) -> dict[str, str]:
    """Scripts for other names of the tools on the build machine's PATH. A name that only adds a version means the
    board's tool."""
    scripts = {}
    for name in _names_on(path):
        match = _OTHER_NAME.fullmatch(name)
        if match is None or (program := shutil.which(name, path=path)) is None:
            continue
        native = f"env PATH={shlex.quote(path)} {shlex.quote(program)}"
        wrapper = folder / f"{triplet}-{match['tool']}"
        is_asked_for_here = bool(match["triplet"]) and triplet != build_triplet()
        if wrapper.exists() and not is_asked_for_here:
            scripts[name] = _mean_the_boards(match["tool"], native, wrapper)
        elif match["tool"] in _COMPILERS and not is_asked_for_here:
            scripts[name] = _refusal(name, _NO_COMPILER)
        elif match["tool"] in _COMPILERS:
            words = {"switch": NATIVE_SWITCH, "links": NATIVE_LINKS, "native": native}
            scripts[name] = _HEAD + _REFUSED_COMPILER.format(sentence=_say(name, _NO_COMPILER), **words)
    return scripts


def _native_scripts(path: str, besides: str) -> dict[str, str]:
    """Scripts that call the build machine's tools. They put the machine's own PATH first, because a native gcc searches
    `as` and `ld` there.

    besides: a triplet whose names are in use
    """
    if build_triplet() == besides:
        return {}
    programs = {name: str(shutil.which(name, path=path)) for name in _on_path(_NATIVE, path)}
    return {
        f"{build_triplet()}-{name}": f'{_HEAD}PATH={shlex.quote(path)} exec {shlex.quote(program)} "$@"\n'
        for name, program in programs.items()
    }


def _on_path(names: tuple[str, ...], path: str) -> list[str]:
    return [name for name in names if shutil.which(name, path=path)]


def _config_programs(path: str) -> Iterator[str]:
    """Programs such as xml2-config that are on the build machine's PATH and report its libraries."""
    for name in _names_on(path):
        if name.endswith(("-config", "_config")) and not name.endswith("pkg-config"):
            yield name


def _names_on(path: str) -> Iterator[str]:
    for folder in path.split(os.pathsep):
        if os.path.isdir(folder):
            yield from os.listdir(folder)


def _refusal(name: str, why: str) -> str:
    return f"{_HEAD}echo {_say(name, why)} >&2\nexit 1\n"


def _say(name: str, why: str) -> str:
    return shlex.quote(f"crosspython: {name}: this is the build machine's program, which {why}")


def _pkg_config_scripts(triplet: str, path: str) -> Mapping[str, str]:
    program = find_pkg_config(path)
    names = ("pkg-config", "pkgconf", f"{triplet}-pkg-config")
    if program is None:
        return {name: _refusal(name, _NO_PKG_CONFIG) for name in names if shutil.which("pkg-config", path=path)}
    words = {"path": shlex.quote(path), "program": shlex.quote(program)}
    return {name: _HEAD + _PKG_CONFIG.format(name=name, **words) for name in names}


@cache
def find_pkg_config(path: str) -> str | None:
    """The first pkg-config on a PATH that reports only what the files contain; None if there is none.

    Buildroot's SDKs have one in host/bin that always puts the SDK's sysroot before each folder.
    """
    for folder in path.split(os.pathsep):
        for name in ("pkg-config", "pkgconf"):
            program = shutil.which(name, path=folder)
            if program is not None and _is_truthful(program, path):
                return program
    return None


def _is_truthful(program: str, path: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "probe.pc").write_text(_PROBE)
        environment = {"PATH": path, "LC_ALL": "C", "PKG_CONFIG_LIBDIR": folder}
        return ask_program([program, "--cflags", "--libs", "probe"], environment).split() == _PROBED


def write_config_programs(sysroot: Path, prefix: str, folder: Path) -> None:
    """Put the `*-config` scripts of a sysroot into a folder for PATH, and replace the prefix in them by the sysroot.

    They are called at their own path, because python3-config finds its Python relative to that.

    sysroot: the folder with include/ and lib/, on the build machine
    prefix:  the board's, which the scripts contain
    """
    for script in sorted(sysroot.glob("bin/*config")):
        first, end, rest = script.read_bytes().partition(b"\n")
        if first.startswith(b"#!"):
            if not script.is_symlink():
                script.write_bytes(first + end + rest.replace(prefix.encode(), str(sysroot).encode()))
            folder.mkdir(exist_ok=True)
            write_script(folder / script.name, f'{_HEAD}exec {shlex.quote(str(script))} "$@"\n')
