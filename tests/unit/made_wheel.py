"""Wheels made by hand: a zip archive with what a backend would put into it."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosspython.targets import Target, load_target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.repairing.repair import Repair

TOOLCHAIN = Toolchain(
    prefix="/nowhere/bin/arm-linux-gnueabihf-",
    triplet="arm-linux-gnueabihf",
    compiler="gcc 12.2.0",
    libc=Libc("glibc", "2.36"),
    kernel_headers="6.1",
    sysroot=None,
    libc_folder="/nowhere/lib",
    fortran=False,
    identity="a toolchain",
    time_bits=64,
    time_flags=("-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64"),
    time_limit="",
)


def make_wheel(
    folder: Path,
    filename: str,
    files: Mapping[str, bytes | str],
    *,
    name: str = "",
    version: str = "",
    metadata: Sequence[str] = (),
    wheel: Sequence[str] = (),
    executable: Sequence[str] = (),
    record: bool = True,
) -> Path:
    """Write a wheel; name, version and tags come from its file name where nothing else is given.

    metadata: further lines of METADATA; wheel: lines of WHEEL
    """
    distribution, stated, *_ = filename.split("-")
    tags = [f"Tag: {'-'.join(filename.removesuffix('.whl').split('-')[-3:])}"]
    dist_info = f"{distribution}-{stated}.dist-info"
    whole = dict(files)
    headers = ["Metadata-Version: 2.1", f"Name: {name or distribution}", f"Version: {version or stated}", *metadata]
    whole[f"{dist_info}/METADATA"] = "\n".join([*headers, ""])
    whole[f"{dist_info}/WHEEL"] = "\n".join(["Wheel-Version: 1.0", "Root-Is-Purelib: false", *(wheel or tags)]) + "\n"
    rows = []
    path = folder / filename
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in whole.items():
            data = content.encode() if isinstance(content, str) else content
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            rows.append(f"{member},sha256={digest},{len(data)}")
            header = zipfile.ZipInfo(member)
            header.external_attr = (0o100755 if member in executable else 0o100644) << 16
            archive.writestr(header, data)
        if record:
            archive.writestr(f"{dist_info}/RECORD", "\n".join([*rows, f"{dist_info}/RECORD,,"]) + "\n")
    return path


def rv1126() -> Target:
    return load_target("rv1126", Path())


def make_repair(folder: Path, name: str = "toy", version: str = "1.0", **options: object) -> Repair:
    package = LockedPackage(name, version)
    python = {"series": "3.13", "abiflags": ""}
    usual = {"package": package, "target": rv1126(), "toolchain": TOOLCHAIN, **python, "work": folder / "work"}
    return Repair(**usual | options)  # type: ignore[arg-type]


def read_member(wheel: Path, member: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member).decode()


def member_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()
