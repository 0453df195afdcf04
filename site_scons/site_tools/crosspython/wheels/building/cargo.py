"""Configures cargo to build for the board.

Knows cargo's, PyO3's, maturin's and the usual build crates' variables (the cargo book, "Environment Variables" and
"Configuration"; PyO3's guide, "Building and distribution"; the documentation of the crates cc and pkg-config).
crates.py fetches the crates before. Paths belong to the build machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from crosspython.targets import Target
from crosspython.targets.libc import LIBCS
from crosspython.targets.machines import find_machine
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.wrapper import SOURCE_PLACE
from crosspython.wheels.building.crates import Crates
from crosspython.wheels.requirements import names_of

if TYPE_CHECKING:
    from crosspython.toolchain.rust import Rust

# Build requirements that compile Rust.
_BACKENDS = ("maturin", "setuptools-rust")

# GCC's -mfpu= -> features for rustc: its armv7 targets do not use NEON, whatever the CPU is.
_FPU_FEATURES = {
    "neon": "+neon",
    "neon-vfpv3": "+neon",
    "neon-fp16": "+neon",
    "neon-vfpv4": "+neon,+vfp4",
    "neon-fp-armv8": "+neon,+vfp4",
    "crypto-neon-fp-armv8": "+neon,+vfp4",
}


@dataclass(frozen=True)
class Cargo:
    """The Rust tools and settings for all Rust packages of one target and Python.

    crates: the compiler and cargo, and the folder of the crates
    python: the target's lib/python3.X, in which PyO3 reads the facts about the interpreter
    series: "3.13"
    time_bits: the bits of time_t in the libraries that a package may be linked with
    """

    crates: Crates
    target: Target
    python: Path
    series: str
    time_bits: int

    @property
    def rust(self) -> Rust:
        return self.crates.rust

    @property
    def home(self) -> Path:
        """CARGO_HOME."""
        return self.crates.home

    @property
    def bin(self) -> Path:
        """The folder of cargo and rustc, for PATH."""
        return self.rust.cargo.parent

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that a build reads: the real Rust behind rustup's programs, and the crates."""
        return (self.home, self.bin, *(tool.resolve().parent.parent for tool in (self.rust.cargo, self.rust.rustc)))

    def environment(self, work: Path, jobs: Mapping[str, str]) -> dict[str, str]:
        """cargo's variables for the build of a package in `work`; `jobs` passes a jobserver by its FIFO."""
        triple, host = _as_variable(self.rust.triple), _as_variable(self.rust.host)
        wrapper, native = f"{self.target.triplet}-", f"{build_triplet()}-"
        own = self.rust.triple.replace("-", "_")
        return {
            "CARGO": str(self.rust.cargo),
            "RUSTC": str(self.rust.rustc),
            "CARGO_HOME": str(self.home),
            "CARGO_BUILD_TARGET": self.rust.triple,
            f"CARGO_TARGET_{triple}_LINKER": f"{wrapper}gcc",
            f"CARGO_TARGET_{triple}_RUSTFLAGS": " ".join(self._flags(work)),
            f"CARGO_TARGET_{host}_LINKER": f"{native}gcc",
            "CARGO_MAKEFLAGS": jobs.get("MAKEFLAGS", ""),
            "CARGO_NET_OFFLINE": "true",
            "CARGO_TERM_COLOR": "never",
            f"CC_{own}": f"{wrapper}gcc",
            f"CXX_{own}": f"{wrapper}g++",
            f"AR_{own}": f"{wrapper}gcc-ar",
            "HOST_CC": f"{native}gcc",
            "HOST_CXX": f"{native}g++",
            "HOST_AR": f"{native}ar",
            "PKG_CONFIG_ALLOW_CROSS": "1",
            "OPENSSL_NO_VENDOR": "1",
            "PYO3_CROSS_LIB_DIR": str(self.python),
            "PYO3_CROSS_PYTHON_VERSION": self.series,
            "MATURIN_NO_INSTALL_RUST": "1",
            **self._time(),
        }

    def _time(self) -> dict[str, str]:
        """The variable by which the crate libc uses the time_t of the C libraries (its build.rs; releases before
        0.2.173 do not read it)."""
        if self.time_bits == 32 or find_machine(self.target.machine).bits == 64:
            return {}
        return dict(LIBCS[self.rust.libc].rust_time64)

    def _flags(self, work: Path) -> Iterator[str]:
        yield from cpu_flags(self.target.cflags)
        yield from LIBCS[self.rust.libc].rust_flags
        yield f"--remap-path-prefix={work}={SOURCE_PLACE}"
        yield f"--remap-path-prefix={self.home}={SOURCE_PLACE}/cargo"


def is_rust(source: Path, requirements: Iterable[Requirement]) -> bool:
    """Whether a build will call cargo, judged by its requirements and by the files at the top of the source."""
    return needs_rust(names_of(requirements)) or (source / "Cargo.toml").is_file()


def needs_rust(names: Collection[str]) -> bool:
    """Whether one of the build requirements of these names compiles Rust."""
    return any(name in names for name in _BACKENDS)


def cpu_flags(cflags: Iterable[str]) -> tuple[str, ...]:
    """rustc's flags for GCC's: the CPU and its vector unit. -march= is ignored: it names an architecture, and rustc's
    target does that already."""
    flags = []
    for flag in cflags:
        name, _, value = flag.partition("=")
        if name == "-mcpu":
            flags.append(f"-Ctarget-cpu={value.partition('+')[0]}")
        elif name == "-mfpu" and value in _FPU_FEATURES:
            flags.append(f"-Ctarget-feature={_FPU_FEATURES[value]}")
    return tuple(flags)


def _as_variable(triple: str) -> str:
    return triple.upper().replace("-", "_")
