"""Runs programs of a compiler in one folder, to make the files that programs for an older glibc are linked with."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.toolchain.query import ask_compiler, try_ask

_SOURCES = Path(__file__).parent
_COMPILE = ("-c", "-O2", "-g0", "-fPIC", "-fno-stack-protector", "-fno-lto", "-ffreestanding", "-std=gnu11")


@dataclass(frozen=True)
class Tools:
    """compiler: a gcc, its sisters beside it; flags: the target's; work: where its programs run"""

    compiler: Path
    flags: tuple[str, ...]
    work: Path

    def find(self, name: str) -> Path | None:
        """A file in the folders in which the compiler searches libraries."""
        path = Path(ask_compiler(self.compiler, f"-print-file-name={name}"))
        return path.resolve() if path.is_absolute() and path.is_file() else None

    def run(self, tool: str, *arguments: str) -> None:
        """Run a tool. Raises ToolchainError if it fails."""
        program = self.compiler.with_name(self.compiler.name.removesuffix("gcc") + tool)
        status, said, complaint = try_ask(program, *arguments, cwd=self.work)
        if status != 0:
            raise ToolchainError(
                f"{program} cannot make the libraries with which programs for an older glibc are linked",
                expected=f"{shlex.join(arguments[-4:])} to work",
                evidence=(complaint or said).splitlines()[-6:],
                next="use the compiler's own libc (libc=board), or the vendor's SDK (toolchain=)",
            )

    def compile(self, source: str, *macros: str) -> str:
        """Compile one of our sources, by its name beside this module. Returns the object's name in the work folder."""
        name = Path(source).with_suffix(".o").name
        self.run("gcc", *self.flags, *_COMPILE, *macros, str(_SOURCES / source), "-o", name)
        return name

    def archive(self, place: Path, sources: Iterable[str]) -> None:
        """Make an archive of some of our sources."""
        self.run("ar", "rcsD", str(place), *[self.compile(source) for source in sources])
