"""Rust for a target: finds and tries a compiler, a cargo and the target's standard library, all of the same build.

Knows where to find a Rust, and the order of the places: the one that the user names, the machine's own, rustup's other
toolchains, the distribution's packages. It compiles only one small sample. wheels/building/cargo.py configures cargo.
All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.store.fetch import Store
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS, list_libcs
from crosspython.targets.machines import MACHINES, find_machine
from crosspython.targets.triplet import parse_triplet
from crosspython.toolchain.query import PATIENCE
from crosspython.toolchain.rust_packages import packaged_release, release_of_packages, unpack_rust
from crosspython.toolchain.sample import judge_code

# The sample needs the standard library, but no linker.
_SAMPLE = "pub fn spell(number: usize) -> String { number.to_string() }\n"
_EVIDENCE_LINES = 10


@dataclass(frozen=True)
class Rust:
    """A Rust that works.

    triple:  the target's, as Rust spells it
    libc:    the name of the target's libc
    host:    the build machine's triple
    version: its own statement, "rustc 1.96.0 (ac68faa20 2026-05-25)"
    """

    rustc: Path
    cargo: Path
    triple: str
    libc: str
    host: str
    version: str

    def describe(self) -> str:
        """One line for the console, and for the facts that products depend on; without a path."""
        return f"{self.version} for {self.triple}"


def rust_triple(target: Target, libc: str) -> str:
    """Return Rust's name for a target; `libc` is the toolchain's. Raises ToolchainError where it has none."""
    row = find_machine(target.machine).rust.get(target.float_abi)
    system = LIBCS[libc].rust
    if row is None or system is None:
        machines = sorted(name for name, machine in MACHINES.items() if machine.rust)
        libcs = [name for name, kind in LIBCS.items() if kind.rust]
        raise ToolchainError(
            f"Rust packages cannot be built for {target.name}",
            expected=f"{', '.join(machines)}, with {list_libcs(libcs)}",
            found=f"{target.machine} with {list_libcs([libc])}",
            next="name an index that has a ready wheel, or leave out the package",
        )
    architecture, abi = row
    return f"{architecture}-unknown-linux-{system}{abi}"


@dataclass(frozen=True)
class RustSearch:
    """The places in which Rust is searched, once, when a package first needs it.

    given:       a folder with bin/rustc and the target's standard library; then no other place is searched
    environment: the user's: PATH, HOME, rustup's own variables
    unpack_into: the folder for the distribution's packages, if they are needed
    crates:      CARGO_HOME: the folder of crates, shared by all builds
    remark:      gets a sentence for the user
    """

    given: Path | None
    environment: Mapping[str, str]
    unpack_into: Path
    crates: Path
    remark: Callable[[str], None] = field(default=lambda text: None, repr=False, compare=False)
    _found: dict[str, Rust] = field(default_factory=dict, repr=False, compare=False)
    _looking: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def find(self, target: Target, libc: str, store: Store) -> Rust:
        """A Rust that compiles for a target. Raises as find_rust does."""
        with self._looking:
            if target.name not in self._found:
                self._found[target.name] = find_rust(self, target, libc, store)
            return self._found[target.name]

    def describe(self, target: Target) -> str:
        """Describe the Rust that will be used, without running anything and without a path. The text changes if another
        Rust is found."""
        triple = rust_triple(target, parse_triplet(target.triplet).likely_libc)
        if self.given is not None:
            return _name_build(self.given, triple) or "none"
        rustc = shutil.which("rustc", path=self.environment.get("PATH"))
        places = [Path(rustc).resolve().parents[1]] if rustc else []
        found = [
            name for place in (*places, *_rustup_toolchains(self.environment)) if (name := _name_build(place, triple))
        ]
        return "\n".join(found or [f"packages of Rust {release_of_packages()}"])


def find_rust(search: RustSearch, target: Target, libc: str, store: Store) -> Rust:
    """Return a Rust that compiles for a target; `libc` is the toolchain's.

    Raises ToolchainError that lists the searched places and says how to get one; and what fetching and unpacking raise.
    """
    given, environment = search.given, search.environment
    triple = rust_triple(target, libc)
    if given is not None:
        if not _is_whole(given, triple):
            raise _no_std(f"rust={given}", triple, [_describe(given, triple)])
        return _try(given, target, libc, environment)
    seen: list[str] = []
    for sysroot in _places(environment):
        if _is_whole(sysroot, triple):
            return _try(sysroot, target, libc, environment)
        seen.append(_describe(sysroot, triple))
    if packaged_release(triple) is None:
        raise _no_std(target.name, triple, seen or ["no rustc on PATH, and no rustup"])
    return _try(unpack_rust(triple, store, search.unpack_into, search.remark), target, libc, environment)


def _places(environment: Mapping[str, str]) -> Iterator[Path]:
    """The sysroots on this machine: first that of rustc on PATH, which is the user's choice; then rustup's toolchains,
    newest first."""
    own = None
    if rustc := shutil.which("rustc", path=environment.get("PATH")):
        done = _run([rustc, "--print", "sysroot"], environment)
        if done.returncode == 0:
            own = Path(done.stdout.strip())
            yield own
    yield from (sysroot for sysroot in _rustup_toolchains(environment) if sysroot != own)


def _rustup_toolchains(environment: Mapping[str, str]) -> list[Path]:
    home = environment.get("RUSTUP_HOME") or os.path.join(environment.get("HOME", "/nonexistent"), ".rustup")
    # "stable-..." sorts behind version numbers and "nightly-...".
    return sorted((Path(home) / "toolchains").glob("*"), reverse=True)


def _name_build(sysroot: Path, triple: str) -> str:
    """A name that identifies a build of Rust: names of its files, which contain hashes. "" if a part is missing."""
    patterns = ("lib/librustc_driver-*.so", "lib/*/librustc_driver-*.so", f"lib/rustlib/{triple}/lib/libstd-*.rlib")
    names = sorted({path.name for pattern in patterns for path in sysroot.glob(pattern)})
    return " ".join(names) if _is_whole(sysroot, triple) else ""


def _is_whole(sysroot: Path, triple: str) -> bool:
    has_std = any((sysroot / "lib/rustlib" / triple / "lib").glob("libstd-*.rlib"))
    return has_std and not _missing(sysroot)


def _missing(sysroot: Path) -> list[str]:
    return [name for name in ("bin/rustc", "bin/cargo") if not os.access(sysroot / name, os.X_OK)]


def _describe(sysroot: Path, triple: str) -> str:
    if missing := _missing(sysroot):
        return f"{sysroot} has no {' and no '.join(missing)}"
    known = sorted(path.parent.name for path in (sysroot / "lib/rustlib").glob("*/lib") if path.is_dir())
    return f"{sysroot} has the standard library for {', '.join(known) or 'nothing'}, and not for {triple}"


def _no_std(who: str, triple: str, seen: list[str]) -> ToolchainError:
    ways = (
        f"rustup: rustup target add {triple}",
        "the distribution's rustc, cargo and its standard library for the target,"
        " unpacked into one folder: rust=FOLDER",
        "a standalone installer of Rust and of rust-std for the target, installed into one folder: rust=FOLDER",
    )
    return ToolchainError(
        f"{who}: no Rust that compiles for {triple}",
        evidence=seen,
        next="get one in one of three ways:\n" + "\n".join(f"    {n}. {way}" for n, way in enumerate(ways, start=1)),
    )


def _try(sysroot: Path, target: Target, libc: str, environment: Mapping[str, str]) -> Rust:
    """Run the programs, and look at the code of a sample that uses the standard library. Raises ToolchainError."""
    triple, rustc, cargo = rust_triple(target, libc), sysroot / "bin/rustc", sysroot / "bin/cargo"
    told = _ask(rustc, environment)
    _ask(cargo, environment)
    with tempfile.TemporaryDirectory(prefix="crosspython-") as folder:
        source, product = Path(folder) / "sample.rs", Path(folder) / "sample.o"
        source.write_text(_SAMPLE)
        command = [str(rustc), "--target", triple, "--crate-type", "lib", "--emit", f"obj={product}", str(source)]
        made = _run(command, environment)
        if made.returncode != 0:
            raise ToolchainError(
                f"{rustc} cannot compile for {triple}",
                expected="a standard library of the same build as the compiler",
                evidence=made.stderr.splitlines()[-_EVIDENCE_LINES:],
            )
        judge_code(rustc, target, product)
    host = next(line.partition(": ")[2] for line in told if line.startswith("host: "))
    return Rust(rustc, cargo, triple, libc, host, told[0].removesuffix(" (built from a source tarball)"))


def _ask(program: Path, environment: Mapping[str, str]) -> list[str]:
    told = _run([str(program), "-vV"], environment)
    if told.returncode != 0:
        raise ToolchainError(
            f"{program} does not run",
            evidence=told.stderr.splitlines()[-_EVIDENCE_LINES:],
            next="install the libraries that are missing (Debian: apt-get install libcurl4 libssh2-1 libsqlite3-0)",
        )
    return told.stdout.splitlines()


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=dict(environment), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
