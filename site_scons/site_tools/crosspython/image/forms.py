"""The forms that an image comes in: one file each, the same bytes for the same tree.

Knows how to write a tree as a squashfs; debian.py and rpm.py write packages. Other modules make the tree.
All paths belong to the build machine, except for the prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crosspython.hosttools import require_tools
from crosspython.image.contents import Contents, set_modes
from crosspython.image.debian import write_deb, write_ipk
from crosspython.image.rpm import write_rpm
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.workshop import EPOCH, Workshop


@dataclass(frozen=True)
class Form:
    """One way to bring a tree to a board.

    tools:      programs of the build machine that write this form
    is_mounted: the board mounts the file, so its size on the board is the size of the file
    write:      writes the tree into a new file; None: the image is the archive of its parts
    """

    tools: tuple[str, ...]
    is_mounted: bool
    write: Callable[[Contents, Path, Workshop], None] | None

    def require_tools(self, path: str) -> None:
        """Raise HostToolError where this machine cannot make it."""
        require_tools(self.tools, path)


def _write_squashfs(contents: Contents, product: Path, workshop: Workshop) -> None:
    """To be mounted at the prefix, or anywhere."""
    set_modes(contents.tree)
    times = ("-all-time", str(EPOCH), "-mkfs-time", str(EPOCH))
    options = ("-noappend", "-all-root", "-no-xattrs", "-no-progress", "-processors", "1", *times)
    with Log(workshop.logs / f"{product.name}.log") as log:
        run_command(
            ["mksquashfs", str(contents.tree), str(product), *options],
            cwd=product.parent,
            env={"PATH": workshop.path},
            log=log,
        )


FORMS = {
    "tar.gz": Form((), False, None),
    "squashfs": Form(("mksquashfs",), True, _write_squashfs),
    "deb": Form((), False, write_deb),
    "ipk": Form((), False, write_ipk),
    "rpm": Form(("rpmbuild",), False, write_rpm),
}
