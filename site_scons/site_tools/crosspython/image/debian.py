"""Packages for dpkg and opkg: an ar archive with the control file, and with the tree at its prefix.

Source: deb(5), deb-control(5). opkg reads the same format, as its opkg-build writes it. The package has no maintainer
scripts, so an installation runs nothing. All paths belong to the build machine, except for the prefix.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from crosspython.errors import ImageError
from crosspython.image.contents import Contents, folder_for_parts
from crosspython.store.ar import write_ar
from crosspython.store.tree import pack_tree, packing
from crosspython.store.walk import find_files
from crosspython.targets import Target
from crosspython.targets.machines import find_machine
from crosspython.workshop import EPOCH, Workshop

# Each distribution has its own names of opkg architectures. All of them accept this one.
_ANY_OPKG = "all"


def write_deb(contents: Contents, product: Path, workshop: Workshop) -> None:
    """For dpkg. Raises ImageError where Debian has no name for the board's architecture."""
    _write_package(contents, product, _find_architecture(workshop.target), workshop)


def write_ipk(contents: Contents, product: Path, workshop: Workshop) -> None:
    """For opkg."""
    _write_package(contents, product, _ANY_OPKG, workshop)


def _write_package(contents: Contents, product: Path, architecture: str, workshop: Workshop) -> None:
    with folder_for_parts(product) as parts:
        members = [parts / name for name in ("debian-binary", "control.tar.gz", "data.tar.gz")]
        version, control, data = members
        version.write_text("2.0\n")
        root = contents.prefix.lstrip("/")
        pack_tree(contents.tree, data, epoch=EPOCH, root=root, beside=workshop.jobserver.beside)
        texts = {"control": describe_package(contents, architecture), "md5sums": "".join(_sums(contents.tree, root))}
        with packing(control, epoch=EPOCH) as packer:
            for name, text in texts.items():  # BusyBox searches for exactly these names
                packer.add_file(f"./{name}", io.BytesIO(text.encode()), len(text.encode()), is_program=False)
        write_ar(product, members, EPOCH)


def describe_package(contents: Contents, architecture: str) -> str:
    """The control file. Installed-Size is in KiB."""
    fields = {
        "Package": re.sub(r"[^a-z0-9+.-]", "-", contents.name.lower()),
        "Version": contents.version,
        "Architecture": architecture,
        "Maintainer": "crosspython <crosspython@localhost>",
        "Installed-Size": str(-(-contents.size // 1024)),
        "Section": "python",
        "Priority": "optional",
        "Description": f"Python and packages in {contents.prefix}\n {contents.titles}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _find_architecture(target: Target) -> str:
    machine = find_machine(target.machine)
    if target.float_abi in machine.debian:
        return machine.debian[target.float_abi]
    known = ", ".join(sorted(machine.debian.values()))
    raise ImageError(
        f"image=deb: Debian has no architecture for {target.name}",
        expected=f"one that dpkg has a name for: of {machine.name} {known}",
        found=f"{machine.name} with the float ABI {target.float_abi}",
        next="image=ipk, image=tar.gz and image=squashfs work for every target",
    )


def _sums(tree: Path, root: str) -> Iterator[str]:
    """The lines of md5sums, which `dpkg --verify` compares with the files."""
    for path in find_files(tree):
        with path.open("rb") as file:
            yield f"{hashlib.file_digest(file, 'md5').hexdigest()}  {root}/{os.path.relpath(path, tree)}\n"
