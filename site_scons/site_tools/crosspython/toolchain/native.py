"""The build machine's own compiler, made into a toolchain with a sysroot of its own.

Programs that run during a build are built with it. /usr/include and /usr/lib of the build machine contain all installed
libraries. The sysroot that is made here contains only links to the libc and to the kernel's headers (native.toml lists
them), so all machines of one kind build the same products.
The wrapper treats these scripts like an SDK's compilers. Paths belong to the build machine.

Source of how GCC looks for things: its manual, "Directory Options" (--sysroot, -B), and `gcc -print-search-dirs`: it
hands the linker folders that it finds from its own place, too, whatever the sysroot is.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sysconfig
import tomllib
from collections.abc import Iterable
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.hosttools import require_tools
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS, USUAL, libc_of_abi
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.query import ask_compiler, own_folder, searched_folders

_LIBC = Path(__file__).with_name("native.toml")
_DRIVERS = ("gcc", "g++")
_BINUTILS = ("ar", "as", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip")

# Programs for the build machine run a few seconds, and nobody debugs them.
_CHEAP = "-O1 -g0"

# Headers in /usr/local do not belong to the libc. Alpine's headers in fortify include the libc's by #include_next.
_ASIDE = (Path("/usr/local/include"), Path("/usr/include/fortify"))

# RPATH: programs run in their work folder before their stage is finished; only then the reserved space gets its RPATH.
_DRIVER = """\
#!/bin/sh
# Written by crosspython: the build machine's {name}, which sees the libc and what it is given.
exec {program} --sysroot={sysroot} -B{sysroot}/libexec/ "$@" {cheap} \\
    -Xlinker -rpath -Xlinker "${{CROSSPYTHON_SYSROOT:-/nonexistent}}/usr/lib"
"""

# The script for a linker with one of our sysroots. GCC passes folders to it that are relative to the compiler's own
# folder, whatever the sysroot is. The compiler's own folder may be searched, but not folders above it (`..`).
LINKER = """\
for word do
    shift
    case $word in
    -L{own}/..*) ;;
    *) set -- "$@" "$word" ;;
    esac
done
exec {program} "$@" -nostdlib -L{sysroot}/usr/lib -rpath-link {sysroot}/usr/lib
"""

_LINKER = f"""\
#!/bin/sh
# Written by crosspython: the build machine's ld, which looks for libraries where it is told to.
{LINKER}"""


def build_triplet() -> str:
    """The build machine's triplet, in the form config.sub knows."""
    abi = str(sysconfig.get_config_var("SOABI")).rpartition("-")[2]
    return f"{os.uname().machine}-pc-linux-{LIBCS[libc_of_abi(abi) or USUAL].abi}"


def native_target() -> Target:
    """The build machine as a target: every machine of its kind runs what is built for it."""
    return Target(
        name="build-machine",
        description="the build machine",
        machine=os.uname().machine,
        triplet=build_triplet(),
        prefixes=(),
        cflags=(),
        generic=False,
        float_abi=None,
        libc=None,
        libc_baseline=None,
        kernel=None,
        emulator_cpu=None,
        prefix="/opt/python",
    )


def libc_names() -> frozenset[str]:
    """The names of headers, and of whole folders of headers, that belong to a libc or to the kernel."""
    libc = tomllib.loads(_LIBC.read_text())
    return frozenset((*libc["headers"], *libc["folders"]))


def make_native_toolchain(folder: Path, target: Target, path: str) -> Toolchain:
    """Make the toolchain anew in a folder of its own. path: the PATH with the build machine's compilers.

    Raises HostToolError where there are none, ToolchainError where they do not work.
    """
    require_tools((*_DRIVERS, "ld"), path)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("bin", "libexec", "usr/include", "usr/lib"):
        (folder / part).mkdir(parents=True)
    cc = Path(shutil.which("gcc", path=path) or "gcc").absolute()
    libc = tomllib.loads(_LIBC.read_text())
    _link_headers(folder / "usr/include", _header_folders(cc), (*libc["headers"], *libc["folders"]))
    _link_libraries(folder / "usr/lib", cc, libc["libraries"])
    sysroot = shlex.quote(str(folder))
    for name in _DRIVERS:
        program = Path(shutil.which(name, path=path) or name).absolute()
        text = _DRIVER.format(name=name, program=shlex.quote(str(program)), sysroot=sysroot, cheap=_CHEAP)
        _write_script(folder / "bin" / f"{target.triplet}-{name}", text, program)
    for name in _BINUTILS:
        (folder / "bin" / f"{target.triplet}-{name}").symlink_to(Path(shutil.which(name, path=path) or name).absolute())
    linker = Path(shutil.which("ld", path=path) or "ld").absolute()
    text = _LINKER.format(own=shlex.quote(str(own_folder(cc))), program=shlex.quote(str(linker)), sysroot=sysroot)
    for place in (folder / "libexec/ld", folder / "bin" / f"{target.triplet}-ld"):
        _write_script(place, text, linker)
    return probe_toolchain(folder / "bin" / f"{target.triplet}-gcc", target)


def _write_script(place: Path, text: str, program: Path) -> None:
    """Write a script with the program's time: a caching launcher recognizes a compiler by its time."""
    place.write_text(text)
    place.chmod(0o755)
    status = program.stat()
    os.utime(place, ns=(status.st_mtime_ns, status.st_mtime_ns))


def _header_folders(cc: Path) -> list[Path]:
    """The folders in which a compiler searches headers, except its own folders."""
    own, found = own_folder(cc).resolve(), searched_folders(cc, "c")
    folders = [folder for folder in found if own not in (folder, *folder.parents) and folder not in _ASIDE]
    if not any((folder / "stdio.h").is_file() for folder in folders):
        raise ToolchainError(
            f"{cc}: it does not find the headers of its libc",
            expected="stdio.h among its headers",
            found=", ".join(map(str, folders)) or "no folder",
        )
    return folders


def _link_headers(place: Path, folders: Iterable[Path], names: Iterable[str]) -> None:
    """Link headers into a folder. If several folders have a name, the first one is used, as by the compiler."""
    for name in names:
        found = next((folder / name for folder in folders if (folder / name).exists()), None)
        if found is not None:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).symlink_to(found)


def _link_libraries(place: Path, cc: Path, names: Iterable[str]) -> None:
    """Link libraries into a folder, from the folders in which linkers and programs find the libc."""
    asked = (Path(ask_compiler(cc, f"-print-file-name={name}")) for name in ("libc.so", "libc.so.6"))
    folders = dict.fromkeys(file.parent.resolve() for file in asked if file.is_absolute())
    for folder in folders:
        for name in names:
            for file in (*folder.glob(f"lib{name}.so*"), *folder.glob(f"lib{name}.a")):
                if re.fullmatch(r"\.(a|so(\.\d+)*)", file.name.removeprefix(f"lib{name}")):
                    (place / file.name).unlink(missing_ok=True)
                    (place / file.name).symlink_to(file)
