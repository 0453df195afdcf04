"""Compiler wrappers: shell scripts that prevent a cross compiler from using files of the build machine.

Knows the options by which a compiler sees only its own libc and the component's private sysroot, and the arguments that
refer to files of the build machine. It does not know its callers. Paths belong to the build machine. The scripts are
plain POSIX shell and start no processes of their own, because each configure calls them hundreds of times.

In the environment of each call: CROSSPYTHON_SYSROOT, the private sysroot (headers in usr/include, libraries in
usr/lib), CROSSPYTHON_WORK, the folder whose path must not land in products, and perhaps CROSSPYTHON_LAUNCHER, a program
to be put in front of the compiler when it compiles (toolchain/launcher.py).
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Literal

from crosspython.targets import Target
from crosspython.targets.machines import find_machine
from crosspython.toolchain.facts import Toolchain

_SIZES = ("-m16", "-m32", "-m64", "-mx32")  # of an x86's registers

# Room for the RPATH that finish/stage.py writes over it: 64 characters.
RESERVED_RPATH = "/crosspython-reserves-this-room-for-an-rpath".ljust(64, "-")

# The path in debug information and __FILE__, instead of the work folder's.
SOURCE_PLACE = "/usr/src"

_DRIVERS = {"gcc": "gcc", "cc": "gcc", "g++": "g++", "c++": "g++", "gfortran": "gfortran"}
# Link-time optimisation needs the archivers that load GCC's plugin, where the toolchain has them.
_ARCHIVERS = ("ar", "nm", "ranlib")
_BINUTILS = ("as", "strip", "objcopy", "objdump", "readelf", "size", "strings", "addr2line")

_HEAD = """\
#!/bin/sh
# Written by crosspython: {name} for {target}.
tool={name}
sysroot=${{CROSSPYTHON_SYSROOT-}}
work=${{CROSSPYTHON_WORK:-/nonexistent/work}}
if [ -z "$sysroot" ]; then
    echo "crosspython: {name}: CROSSPYTHON_SYSROOT is not set, so the build machine's files would be seen" >&2
    exit 1
fi
refuse() {{
    {stray}
}}
"""
# How to treat an argument that refers to the build machine.
Strays = Literal["refuse", "drop"]
_STRAYS = {"refuse": 'echo "crosspython: $tool: $1: $2" >&2; exit 1', "drop": "stray=yes"}

# A path may be the word after its option: `option` stores such an option until then. Paths in the work folder, and of
# the cross compiler itself, are always allowed. The arguments are collected again, so that a stray can be left out.
_CHECK = """\
option= links=yes input= compiles=
for word do
    shift
    stray=
    case $option$word in
    -I | -L | -isystem | -idirafter | -iquote) option=$word; continue ;;
    -I"$work"/* | -L"$work"/* | -isystem"$work"/* | -idirafter"$work"/* | -iquote"$work"/*) ;;
    {own}) ;;
    -I/usr/include | -I/usr/include/* | -I/usr/local/include | -I/usr/local/include/* | -I/usr/lib/* | \\
    -isystem/usr/include | -isystem/usr/include/* | -isystem/usr/local/include* | -isystem/usr/lib/* | \\
    -idirafter/usr/include* | -idirafter/usr/local/include* | -iquote/usr/include* | -iquote/usr/local/include* | \\
    -L/lib | -L/lib/* | -L/lib32* | -L/lib64* | -L/libx32* | -L/usr/lib | -L/usr/lib/* | -L/usr/lib32* | \\
    -L/usr/lib64* | -L/usr/libx32* | -L/usr/local/lib | -L/usr/local/lib/* | -L/usr/local/lib64* | -L/usr/X11R6/* | \\
    -Wl,-L/lib | -Wl,-L/lib/* | -Wl,-L/usr/lib | -Wl,-L/usr/lib/* | -Wl,-L/usr/local/lib*)
        refuse "$option$word" "a folder of the build machine, and not for the target" ;;
    -march=native | -mcpu=native | -mtune=native)
        refuse "$word" "would mean the build machine's CPU, and not the target's" ;;
    {sizes})
        refuse "$word" "a flag for the build machine's kind of CPU" ;;
    -c) links= compiles=yes ;;
    -S | -E | -M | -MM | -fsyntax-only) links= ;;
    -?*) ;;
    *) input=yes ;;
    esac
    [ "$stray" ] || set -- "$@" ${{option:+"$option"}} "$word"
    option=
done
"""

# -Xlinker for values that may contain a comma: -Wl is split at commas.
_LINK = """\
if [ "$links$input" = yesyes ]; then
    set -- "$@" -L"$sysroot/usr/lib" -Xlinker -rpath-link -Xlinker "$sysroot/usr/lib" \\
        {options}-Wl,--disable-new-dtags -Wl,-rpath,{rpath}
fi
"""

# Builds that use no C++ may still ask for the compiler's name, so there is a script with this name.
_NO_CXX = """\
#!/bin/sh
echo {sentence} >&2
exit 1
"""

_LAUNCHER = '${compiles:+${CROSSPYTHON_LAUNCHER:+"$CROSSPYTHON_LAUNCHER"}}'


def write_wrappers(folder: Path, toolchain: Toolchain, target: Target, strays: Strays = "refuse") -> None:
    """Write a script for each tool of the toolchain, called <the target's triplet>-<tool>.

    strays: how to treat an argument with a folder of the build machine. "refuse": the call fails, for our own recipes,
            which can be corrected; "drop": it is left out, for packages, many of which add /usr/include just in case
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in _make_scripts(toolchain, target, _STRAYS[strays]).items():
        path = folder / f"{target.triplet}-{name}"
        path.write_bytes(os.fsencode(script))
        path.chmod(0o755)


def _make_scripts(toolchain: Toolchain, target: Target, stray: str) -> dict[str, str]:
    names = {name: tool for name, tool in _DRIVERS.items() if tool != "gfortran" or toolchain.fortran}
    scripts = {
        name: _refuse_cxx(name, toolchain)
        if tool == "g++" and toolchain.no_cxx
        else _wrap_compiler(name, tool, toolchain, target, stray)
        for name, tool in names.items()
    }
    has_cpp = os.access(toolchain.prefix + "cpp", os.X_OK)
    scripts["cpp"] = _wrap_compiler("cpp", "cpp" if has_cpp else "gcc", toolchain, target, stray)
    scripts["ld"] = _wrap_linker(toolchain, target, stray)
    for name in _ARCHIVERS:
        tool = f"gcc-{name}" if os.access(f"{toolchain.prefix}gcc-{name}", os.X_OK) else name
        scripts[name] = scripts[f"gcc-{name}"] = _pass_on(toolchain, tool)
    for name in _BINUTILS:
        if os.access(toolchain.prefix + name, os.X_OK):
            scripts[name] = _pass_on(toolchain, name)
    return scripts


def _pass_on(toolchain: Toolchain, tool: str) -> str:
    return f'#!/bin/sh\nexec {shlex.quote(toolchain.prefix + tool)} "$@"\n'


def _refuse_cxx(name: str, toolchain: Toolchain) -> str:
    sentence = f"crosspython: {name}: the toolchain has no C++ compiler ({toolchain.no_cxx})"
    return _NO_CXX.format(sentence=shlex.quote(sentence))


def _wrap_compiler(name: str, tool: str, toolchain: Toolchain, target: Target, stray: str) -> str:
    """The script for a compiler. The target's flags come before the caller's, so the caller can override them; the
    sysroot comes after the caller's paths."""
    flags = target.cflags if tool == "gfortran" else (*target.cflags, *toolchain.time_flags)
    before = [shlex.quote(flag) for flag in flags]
    if name == "cpp" and tool != "cpp":
        before.append("-E")
    after = [
        '-isystem "$sysroot/usr/include"',
        f'{toolchain.map_option}="$work={SOURCE_PLACE}"',
        *_columns(toolchain),
    ]
    if toolchain.is_clang:  # a vendor's script gives options for linking to each call; configure scripts see a warning
        before.insert(0, "-Wno-unused-command-line-argument")
    if toolchain.sysroot is None:
        before.insert(0, '--sysroot="$sysroot"')
    else:
        before.append('-B"$sysroot/usr/lib"')  # shows in `-E -v`, where CPython's setup.py (3.11 and older) looks
    call = [shlex.quote(toolchain.prefix + tool), *before, '"$@"', *after]
    return (
        _HEAD.format(name=f"{target.triplet}-{name}", target=target.name, stray=stray)
        + _check(toolchain, target)
        + (_LINK.format(rpath=RESERVED_RPATH, options=_linking(toolchain)) if name != "cpp" else "")
        + f"exec {'' if toolchain.launches else _LAUNCHER} {' '.join(call)}\n"
    )


def _check(toolchain: Toolchain, target: Target) -> str:
    own_size = find_machine(target.machine).size_flag
    return _CHECK.format(own=_own_folders(toolchain), sizes=" | ".join(size for size in _SIZES if size != own_size))


def _linking(toolchain: Toolchain) -> str:
    """Options for linking. With our --sysroot the linker searches needed libraries only in our sysroot, which has no
    libc, so the libc's folder is given."""
    options = [] if toolchain.sysroot else ["-Xlinker", "-rpath-link", "-Xlinker", toolchain.libc_folder]
    return "".join(f"{shlex.quote(option)} " for option in (*options, *toolchain.linking))


def _own_folders(toolchain: Toolchain) -> str:
    """Patterns for arguments with the cross compiler's own folders: libtool reads them from the compiler's output, and
    passes them with -L."""
    folders = ["/usr/lib/gcc-cross", f"/usr/lib/gcc/{toolchain.triplet}"]
    if toolchain.sysroot is not None:
        folders += [str(toolchain.sysroot), str(Path(toolchain.prefix).parent.parent)]
    return " | ".join(f"{option}{shlex.quote(folder)}/*" for folder in folders for option in ("-I", "-L", "-isystem"))


def _columns(toolchain: Toolchain) -> tuple[str, ...]:
    """The option for debug information without columns. distcc compiles text with expanded macros, so columns would
    differ."""
    return () if toolchain.is_old_gcc else ("-gno-column-info",)  # GCC writes columns since version 8


def _wrap_linker(toolchain: Toolchain, target: Target, stray: str) -> str:
    """The script for direct calls of the linker. It has the same search paths, but no space for an RPATH, because the
    caller may use a linker script of its own."""
    own = '--sysroot="$sysroot" ' if toolchain.sysroot is None else ""
    return (
        _HEAD.format(name=f"{target.triplet}-ld", target=target.name, stray=stray)
        + _check(toolchain, target)
        + f'exec {shlex.quote(toolchain.prefix + "ld")} {own}"$@" -L"$sysroot/usr/lib" -rpath-link "$sysroot/usr/lib"\n'
    )
