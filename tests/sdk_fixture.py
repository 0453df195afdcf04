"""SDKs for tests: the distribution's cross compiler, re-packed as vendors ship theirs.

Knows the layouts of Buildroot's SDKs and of Yocto's, and where GCC looks for its parts relative to itself. What to pack
is asked of the compiler, so that no version stands here. The real compiler works from any place,
once `relocate-sdk.sh` has run. A libc other than the compiler's comes from Debian's packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import zstandard

from tests.board.packages import Packages

PREFIX = "arm-buildroot-linux-gnueabihf"
MUSL = "arm-buildroot-linux-musleabihf"
DISTRIBUTIONS = "arm-linux-gnueabihf"
MADE_AT = "/home/vendor/buildroot/output/host"

# Buildroot's toolchain-wrapper in a few lines: one program, to which the names of all tools are links. The path stands
# in it so that nothing works without relocation.
_WRAPPER = """\
#!/bin/sh
case $* in -dumpmachine) exec echo {prefix} ;; {answers}esac
sdk="{place}"
tool=${{0##*/}}
case $tool in
*-gcc-*) exec "$sdk/bin/$tool.br_real" "$@" ;;
*) exec "$sdk/bin/$tool.br_real" --sysroot="$sdk/{prefix}/sysroot" {options}"$@" ;;
esac
"""
# A GCC that was made for musl has musl's headers before its own, and no multiarch name. libgcc_s is glibc's.
_FOR_MUSL = '-mmusl -static-libgcc -isystem "$sdk/{prefix}/sysroot/usr/include" '
_NO_MULTIARCH = "*-print-multiarch*) exit ;; "
_RELOCATE = """\
#!/bin/sh
cd "$(dirname "$0")" || exit 1
old=$(cat share/buildroot/sdk-location) || exit 1
echo "moving from $old to $PWD"
grep -lrI -- "$old" bin share | while read -r name; do
    case $(file -b --mime-type "$name") in text/*) sed -i "s|$old|$PWD|g" "$name" ;; esac
done
"""
_CLANG = """\
#!/bin/sh
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
exec {tool} --target={triplet} --sysroot="${{here%/bin}}/sysroot" -fuse-ld=lld "$@"
"""
# The compiler's shared libraries are for glibc; this leaves its own plugin, liblto_plugin.so.
_NOT_FOR_C = ("*san*", "plugin", "lib[!l]*.so", "lib*++*", "libgfortran.*", "libgcov.a", "cc1plus", "f951")
YOCTO = "arm-poky-linux-gnueabi"
# Yocto's compilers are made with a sysroot that is nowhere.
_YOCTO_TOOL = """\
#!/bin/sh
case $* in *-dumpmachine*) exec echo {yocto} ;; esac
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
case {tool} in
gcc-*) exec "$here/../../real/bin/{prefix}-{tool}.br_real" "$@" ;;
*) exec "$here/../../real/bin/{prefix}-{tool}.br_real" --sysroot=/not/exist "$@" ;;
esac
"""
_FLAGS = "-mthumb -mfpu=neon-vfpv4 -mfloat-abi=hard -mcpu=cortex-a7"
_SETUP = """\
# Check for LD_LIBRARY_PATH being set, which can break SDK and generally is a bad practice
export SDKTARGETSYSROOT={place}/sysroots/cortexa7t2hf-neon-vfpv4-poky-linux-gnueabi
export PATH={place}/sysroots/x86_64-pokysdk-linux/usr/bin:{place}/sysroots/x86_64-pokysdk-linux/usr/bin/{yocto}:"$PATH"
export CC="{yocto}-gcc  {flags} -O2 -Wl,-O1 --sysroot=$SDKTARGETSYSROOT"
export CXX="{yocto}-g++  {flags} --sysroot=$SDKTARGETSYSROOT"
"""
_INSTALLER = """\
#!/bin/sh
# Leaves environment-setup-cortexa7-poky-linux-gnueabi in the folder that -d names.
while getopts yd: option; do case $option in y) yes=1 ;; d) folder=$OPTARG ;; *) exit 1 ;; esac; done
[ "$yes" ] && [ "$folder" ] || {{ echo "would ask something"; exit 1; }}
mkdir -p "$folder" && sed '1,/^MARKER:$/d' "$0" | tar -xz -C "$folder" || exit 1
sed -i "s|{place}|$folder|g" "$folder"/environment-setup-*
exit 0
MARKER:
"""


def make_sdk(folder: Path) -> Path:
    """Make a Buildroot SDK of the distribution's compiler for ARM in a new folder; it was "made" at MADE_AT."""
    cc = f"{DISTRIBUTIONS}-gcc"
    own = Path(_ask(cc, "-print-file-name=libgcc.a")).resolve().parent  # /usr/lib/gcc-cross/<triplet>/<version>
    libc = Path(_ask(cc, "-print-file-name=libc.so")).resolve().parent
    headers = libc.parent / "include"
    sysroot = folder / PREFIX / "sysroot"

    parts = folder / own.relative_to("/usr")
    _copy_tree(own, parts, skip=("*san*", "plugin", "*.so.*", "libgcov*"))
    _copy_tree(headers, sysroot / "usr/include", skip=("c++",))
    _copy_tree(headers / "c++", folder / DISTRIBUTIONS / "include/c++")
    _copy_libc(libc, sysroot)
    _write_linker_scripts(parts, sysroot)
    _copy_programs(folder, PREFIX)
    return folder


def make_musl(folder: Path, packages: Path) -> Path:
    """Make a Buildroot SDK of the distribution's GCC for ARM, and of Debian's musl. It has no C++, because the
    libstdc++ of that GCC is for glibc.

    packages: a folder that keeps Debian's packages
    """
    own = Path(_ask(f"{DISTRIBUTIONS}-gcc", "-print-file-name=libgcc.a")).resolve().parent
    sysroot = folder / MUSL / "sysroot"
    _copy_tree(own, folder / own.relative_to("/usr"), skip=_NOT_FOR_C)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        Packages("armhf", packages).unpack(["musl", "musl-dev", "linux-libc-dev"], root)
        _copy_tree(root / "usr/lib/arm-linux-musleabihf", sysroot / "usr/lib")
        _copy(str(root / "lib/arm-linux-musleabihf/libc.so"), str(sysroot / "usr/lib/libc.so"))
        for headers in ("", DISTRIBUTIONS, "arm-linux-musleabihf"):  # Linux's, and musl's over these
            _copy_tree(root / "usr/include" / headers, sysroot / "usr/include", skip=("arm-linux-*",))
    (sysroot / "lib").mkdir()
    (sysroot / "lib/ld-musl-armhf.so.1").symlink_to("../usr/lib/libc.so")
    _copy_programs(folder, MUSL, cxx=False, options=_FOR_MUSL.format(prefix=MUSL), answers=_NO_MULTIARCH)
    return folder


def make_yocto(folder: Path) -> Path:
    """Make a Yocto SDK of the distribution's compiler for ARM, installed where `folder` is."""
    real = folder / "sysroots/x86_64-pokysdk-linux/usr/real"
    make_sdk(real)
    sysroot = folder / "sysroots/cortexa7t2hf-neon-vfpv4-poky-linux-gnueabi"
    (real / PREFIX / "sysroot").rename(sysroot)
    programs = real.parent / "bin" / YOCTO
    for tool in ("gcc", "g++", "cpp", "gcc-ar", "gcc-nm", "gcc-ranlib"):
        _write(programs / f"{YOCTO}-{tool}", _YOCTO_TOOL.format(yocto=YOCTO, prefix=PREFIX, tool=tool), 0o755)
    for tool in ("ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"):
        (programs / f"{YOCTO}-{tool}").symlink_to(f"../../real/bin/{PREFIX}-{tool}")
    setup = _SETUP.format(place=folder, yocto=YOCTO, flags=_FLAGS)
    _write(folder / "environment-setup-cortexa7-poky-linux-gnueabi", setup, 0o644)
    return folder


def make_clang(folder: Path) -> Path:
    """Make an SDK of the distribution's Clang and lld, and of the libc of its GCC for ARM, without GNU's binutils."""
    sysroot = folder / "sysroot"
    own = Path(_ask(f"{DISTRIBUTIONS}-gcc", "-print-file-name=libgcc.a")).resolve().parent
    libc = Path(_ask(f"{DISTRIBUTIONS}-gcc", "-print-file-name=libc.so")).resolve().parent
    parts = sysroot / "usr/lib/gcc" / DISTRIBUTIONS / own.name
    _copy_libc(libc, sysroot)
    _copy_tree(libc.parent / "include", sysroot / "usr/include")
    _copy_tree(
        own, parts, skip=("*san*", "plugin", "liblto*", "libcc1*", "libgcov*", "cc1*", "lto*", "f951", "collect2")
    )
    _write_linker_scripts(parts, sysroot)
    for tool in ("clang", "clang++"):
        _write(folder / "bin" / f"{DISTRIBUTIONS}-{tool}", _CLANG.format(tool=tool, triplet=DISTRIBUTIONS), 0o755)
    for tool in ("ar", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"):
        (folder / "bin" / f"llvm-{tool}").symlink_to(shutil.which(f"llvm-{tool}") or "")
    return folder


def pack_installer(sdk: Path, installer: Path) -> Path:
    """Pack a Yocto SDK as it is downloaded: a shell script with the archive behind it."""
    with installer.open("wb") as file:
        file.write(_INSTALLER.format(place=sdk).encode())
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
            for entry in sorted(sdk.iterdir()):
                tar.add(entry, arcname=entry.name)
    return installer


def pack_sdk(sdk: Path, archive: Path) -> Path:
    """Pack an SDK with one folder at the top, as Buildroot's `make sdk` does."""
    name = f"{PREFIX}_sdk-buildroot"
    if archive.suffix == ".zst":
        with zstandard.open(archive, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
            tar.add(sdk, arcname=name)
        return archive
    options = {"compresslevel": 1} if archive.suffix != ".xz" else {"preset": 0}
    with tarfile.open(archive, f"w:{archive.suffix[1:]}", **options) as tar:
        tar.add(sdk, arcname=name)
    return archive


def make_soft_float(folder: Path) -> Path:
    """Make a toolchain under a hard-float name that makes soft-float code, whatever it is asked."""
    return _make_disguised(folder, DISTRIBUTIONS, "-mfloat-abi=soft")


def make_wrong_machine(folder: Path) -> Path:
    """Make a toolchain under ARM's name that is for aarch64."""
    return _make_disguised(folder, "aarch64-linux-gnu", "")


def make_late_time(folder: Path) -> Path:
    """Make a toolchain that has 64-bit time switched on by itself, as Debian 13's for armhf."""
    return _make_disguised(folder, DISTRIBUTIONS, "-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64")


def _make_disguised(folder: Path, real: str, flag: str) -> Path:
    for tool in ("gcc", "g++", "ar", "ranlib", "strip", "objcopy", "readelf"):
        last = flag if tool in ("gcc", "g++") else ""
        _write(folder / "bin" / f"{PREFIX}-{tool}", f'#!/bin/sh\nexec {real}-{tool} "$@" {last}\n', 0o755)
    return folder


def _ask(program: str, *arguments: str) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def _copy_programs(folder: Path, prefix: str, *, cxx: bool = True, options: str = "", answers: str = "") -> None:
    """Copy compilers and binutils. options: shell words for the compilers; answers: patterns with their commands"""
    for tool in ("gcc", *(["g++"] if cxx else []), "cpp", "gcc-ar", "gcc-nm", "gcc-ranlib"):
        driver = Path(shutil.which(f"{DISTRIBUTIONS}-{tool}") or "").resolve()
        _copy(str(driver), str(folder / "bin" / f"{prefix}-{tool}.br_real"))
        (folder / "bin" / f"{prefix}-{tool}").symlink_to("toolchain-wrapper")
    wrapper = _WRAPPER.format(prefix=prefix, place=MADE_AT, options=options, answers=answers)
    _write(folder / "bin/toolchain-wrapper", wrapper, 0o755)
    for tool in ("ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"):
        program = Path(shutil.which(f"{DISTRIBUTIONS}-{tool}") or "").resolve()
        _copy(str(program), str(folder / "bin" / f"{prefix}-{tool}"))
        link = folder / DISTRIBUTIONS / "bin" / tool  # GCC runs these, by names without a prefix
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../../bin/{prefix}-{tool}")
    _write(folder / "relocate-sdk.sh", _RELOCATE, 0o755)
    _write(folder / "share/buildroot/sdk-location", f"{MADE_AT}\n", 0o644)


def _copy_libc(libc: Path, sysroot: Path) -> None:
    _copy_tree(libc, sysroot / "usr/lib", skip=("*san*",))
    (sysroot / "lib").symlink_to("usr/lib")


def _write_linker_scripts(parts: Path, sysroot: Path) -> None:
    """Debian's libc.so contains Debian's paths of files; Buildroot's contains their paths in the sysroot."""
    for script in (sysroot / "usr/lib").glob("*.so"):
        if not script.is_symlink() and script.read_bytes()[:4] != b"\x7fELF":
            text = script.read_text().replace(f"/usr/{DISTRIBUTIONS}/lib/", "/usr/lib/")
            script.unlink()
            script.write_text(text)
    for link in list(parts.glob("*.so")):
        if link.is_symlink():
            name = Path(os.readlink(link)).name
            link.unlink()
            if (sysroot / "usr/lib" / name).exists():
                (sysroot / "usr/lib" / link.name).unlink(missing_ok=True)
                (sysroot / "usr/lib" / link.name).symlink_to(name)


def _copy_tree(source: Path, destination: Path, skip: tuple[str, ...] = ()) -> None:
    ignore = shutil.ignore_patterns(*skip)
    shutil.copytree(source, destination, symlinks=True, copy_function=_copy, ignore=ignore, dirs_exist_ok=True)


def _copy(source: str, destination: str) -> None:
    Path(destination).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, destination)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
