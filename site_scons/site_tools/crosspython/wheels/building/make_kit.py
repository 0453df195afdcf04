"""Makes a kit: unpacks everything once, verifies it, and makes it again when its inputs change.

Knows the order in which a kit's parts are made, and how to check that a kit is still valid.
A kit contains absolute paths, so it cannot be moved. Paths belong to the build machine.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from crosspython.errors import CheckError, HostToolError
from crosspython.finish.python_tree import is_no_test, read_build_time_vars
from crosspython.run.log import Log
from crosspython.store.fingerprints import COMPILED, tree_fingerprint
from crosspython.store.tree import unpack_tree
from crosspython.targets.machines import find_machine
from crosspython.toolchain.emulator import emulate, emulator_command, libc_root
from crosspython.toolchain.programs import write_config_programs, write_refusals
from crosspython.toolchain.wrapper import write_wrappers
from crosspython.wheels.building.cross_python import CROSSENV, make_cross_python
from crosspython.wheels.building.kit import Kit
from crosspython.wheels.building.machine_files import Facts, write_machine_files
from crosspython.workshop import Workshop

# The folder of build requirements is a site folder, as with pip and build, and not only an entry of PYTHONPATH:
# packages may bring .pth files. That of setuptools lets the programs that a build starts import distutils, which Python
# lacks since 3.12.
_SITE = """\
import os, site; "CROSSPYTHON_OVERLAY" in os.environ and site.addsitedir(os.environ["CROSSPYTHON_OVERLAY"])
import crosspython_find_library; crosspython_find_library.install({prefix!r})
"""
_FIND_LIBRARY = Path(__file__).with_name("data") / "crosspython_find_library.py"


def make_kit(kit: Kit, workshop: Workshop) -> None:
    """Make a kit, unless a valid one exists. Raises ToolchainError if cross-python does not give the answers of the
    board's Python."""
    marker, text = kit.folder.with_name(f"{kit.folder.name}.json"), _identity(kit, workshop)
    with kit.making:
        if kit.folder in kit.whole:
            return
        if marker.is_file() and marker.read_text() == _seal(kit, text):
            write_refusals(kit.bin, kit.target.triplet, workshop.path)  # more tools may be installed since
            marker.write_text(_seal(kit, text))
            kit.whole.add(kit.folder)
            return
        marker.unlink(missing_ok=True)
        shutil.rmtree(kit.folder, ignore_errors=True)
        kit.folder.mkdir(parents=True)
        with Log(workshop.logs / f"{kit.folder.name}.log") as log, workshop.jobserver.token():
            _make(kit, log, workshop)
            write_refusals(kit.bin, kit.target.triplet, workshop.path)
        marker.write_text(_seal(kit, text))
        kit.whole.add(kit.folder)


def _seal(kit: Kit, text: str) -> str:
    """The text that marks a kit as valid: its inputs, and the fingerprint of its files. Overlays have their own."""
    files = (
        tree_fingerprint(kit.folder, (*COMPILED, kit.overlays.name, kit.bytecode.name)) if kit.folder.is_dir() else ""
    )
    return f"{text}\n{files}\n"


def _make(kit: Kit, log: Log, workshop: Workshop) -> None:
    log.step("unpack")
    if kit.build_python.suffix == ".zst":
        unpack_tree(kit.build_python, kit.folder / "build-python", only=is_no_test)
    for archive in (*kit.libraries.values(), kit.python):
        unpack_tree(archive, kit.sysroot / "usr", only=is_no_test)
    write_wrappers(kit.bin, kit.toolchain, kit.target, strays="drop")
    variables = read_build_time_vars(kit.standard_library)
    facts = Facts(
        machine=find_machine(kit.target.machine),
        triplet=kit.target.triplet,
        include=kit.include,
        extension_suffix=kit.extension_suffix,
        bin=kit.bin,
        fortran=kit.toolchain.fortran,
        emulator=_emulate(kit, workshop.path),
        path=workshop.path,
    )
    write_machine_files(kit.folder, facts)
    write_config_programs(kit.sysroot / "usr", kit.target.prefix, kit.bin)
    log.step("crossenv")
    make_cross_python(kit, variables, log, workshop.path)
    for folder in kit.site_packages:
        (folder / "crosspython.pth").write_text(_SITE.format(prefix=f"{kit.bin}/{kit.target.triplet}-"))
        shutil.copy(_FIND_LIBRARY, folder)


def _emulate(kit: Kit, path: str) -> tuple[str, ...]:
    """Put the emulator in front of the target's interpreter. Returns an empty tuple without an emulator, because the
    cross engine does not need one."""
    try:
        root = libc_root(kit.toolchain)
        emulate(kit.sysroot / "usr", kit.target, root, path)
        return tuple(emulator_command(kit.target, root, path))
    except (HostToolError, CheckError):
        return ()


def _identity(kit: Kit, workshop: Workshop) -> str:
    archives = (kit.python, kit.build_python, *kit.libraries.values())
    facts = {
        "code": [kit.code, CROSSENV],
        "target": kit.target.facts(),
        "toolchain": [kit.toolchain.prefix, kit.toolchain.identity, kit.toolchain.fortran],
        "python": kit.release.version,
        "archives": [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in archives],
        "path": workshop.path,
    }
    return json.dumps(facts, indent=1)
