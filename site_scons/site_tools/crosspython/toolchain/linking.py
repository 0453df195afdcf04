"""Options by which LLVM's linker links what GNU's linker links.

Knows the differences that break libraries with exports lists. Paths belong to the build machine.
"""

from __future__ import annotations

from pathlib import Path

from crosspython.targets import Target
from crosspython.toolchain.sample import compile_sample, compiler_refusal

# zlib and others list symbols that some configurations do not have. ld.lld 16 warns about that, ld.lld 19 refuses it
# (--no-undefined-version is its default); GNU's ld never does.
_LIBRARY = "int there;\n"
_VERSIONS = "MINE { global: there; not_there; local: *; };\n"
_ALLOWING = "-Wl,--undefined-version"


def find_linking(cc: Path, target: Target, folder: Path, *, patience: float) -> tuple[str, ...]:
    """The options that the linker of a compiler needs. Raises ToolchainError if it makes no shared libraries.

    folder: a folder of the caller's, for samples
    """
    (folder / "versions").write_text(_VERSIONS)
    how = ("-shared", "-fPIC", "-Wl,--version-script=versions", "-x", "c")
    if compile_sample(cc, target, folder / "library.so", how, _LIBRARY, patience) is None:
        return ()
    complaint = compile_sample(cc, target, folder / "library.so", (_ALLOWING, *how), _LIBRARY, patience)
    if complaint is not None:
        raise compiler_refusal(cc, "cannot make a shared library", "a linker that knows version scripts", complaint)
    return (_ALLOWING,)
