"""Configures cargo to build for the board, and fetches the crates of a Rust package.

Knows cargo's, PyO3's, maturin's and the usual build crates' variables (the cargo book, "Environment Variables" and
"Configuration"; PyO3's guide, "Building and distribution"; the documentation of the crates cc and pkg-config). Crates
are fetched before the build, from where the user's cargo is configured to fetch them; the build itself has no network.
Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w
from packaging.requirements import Requirement

from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.disk import write_whole
from crosspython.store.exclusive import exclusive
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS
from crosspython.targets.machines import find_machine
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.wrapper import SOURCE_PLACE
from crosspython.wheels.requirements import names_of

if TYPE_CHECKING:
    from crosspython.toolchain.rust import Rust

_EVIDENCE_LINES = 10

# cargo's message if no registry has a version that a lock file names.
_ABSENT = re.compile(r"for the requirement `(?P<name>[\w-]+) = .*\(locked to (?P<version>\S+)\)")

# Build requirements that compile Rust.
_BACKENDS = ("maturin", "setuptools-rust")

# The parts of a user's configuration about the sources of crates; the other parts are about builds.
_TABLES = ("source", "registries", "registry", "http", "net")
_VARIABLES = ("CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "SSL_CERT_")

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

    home:   CARGO_HOME, the folder of crates, shared by all builds
    python: the target's lib/python3.X, in which PyO3 reads the facts about the interpreter
    series: "3.13"
    time_bits: the bits of time_t in the libraries that a package may be linked with
    offline: missing crates are not fetched
    """

    rust: Rust
    target: Target
    home: Path
    python: Path
    series: str
    time_bits: int
    offline: bool = False

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

    def fetch(self, source: Path, path: str, environment: Mapping[str, str], log: Log) -> tuple[str, ...]:
        """Fetch the crates of a package, in the versions of its lock file if it has one. Raises StepError.

        environment: the user's; only the variables about the network and the crates are used
        Returns remarks for the user.
        """
        self._configure(environment)
        own = {"PATH": path, "HOME": str(self.home), "CARGO_HOME": str(self.home), "RUSTC": str(self.rust.rustc)}
        own |= {name: value for name, value in environment.items() if _is_of_the_network(name)}
        had, remarks = False, []
        for manifest in find_manifests(source):
            # Crates for all machines: backends call `cargo metadata`, which reads every crate of the lock file.
            command = [str(self.rust.cargo), "fetch", "--manifest-path", str(manifest)]
            command += ["--offline"] if self.offline else []
            cwd = manifest.parent
            if run_command([*command, "--locked"], cwd=cwd, env=own, log=log, may_fail=True).status == 0:
                had = True
            # Outdated lock files are common in sdists that contain only a part of a workspace.
            elif run_command(command, cwd=cwd, env=own, log=log, may_fail=True).status == 0:
                had = True
                remarks.append("it has no Cargo.lock that fits, so the newest crates of today were used")
            elif absent := self._replace_absent(command, cwd, own, log):
                had = True
                remarks.append(
                    f"the registry has no {', no '.join(absent)}, which its Cargo.lock names: other versions were used"
                )
        if not had:
            raise StepError(
                f"{log.component}: its crates cannot be fetched",
                evidence=log.tail(_EVIDENCE_LINES),
                log=log.path,
                next="check the registry in cargo's configuration on this machine (docs/rust.md)",
            )
        return tuple(dict.fromkeys(remarks))

    def _replace_absent(
        self, fetch: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Log
    ) -> tuple[str, ...]:
        """Replace crates of a lock file that the registry does not have (yanked, or not mirrored) by other versions,
        and fetch these.

        Returns the replaced crates; empty if fetching failed for another reason.
        """
        absent: list[str] = []
        while match := _ABSENT.search("\n".join(log.tail(_EVIDENCE_LINES))):
            crate = f"{match['name']}@{match['version']}"
            if crate in absent:
                return ()
            absent.append(crate)  # cargo reports one at a time, and they must be updated together
            update = [fetch[0], "update", *fetch[2:], *absent]
            if (
                run_command(update, cwd=cwd, env=environment, log=log, may_fail=True).status == 0
                and run_command(fetch, cwd=cwd, env=environment, log=log, may_fail=True).status == 0
            ):
                return tuple(crate.replace("@", " ") for crate in absent)
        return ()

    def _configure(self, environment: Mapping[str, str]) -> None:
        """Copy the user's settings for sources of crates into our CARGO_HOME. Raises ConfigurationError."""
        with exclusive(self.home / ".crosspython.lock"):
            write_whole(self.home / "config.toml", sources_of_crates(environment))

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


def find_manifests(source: Path) -> tuple[Path, ...]:
    """The Cargo.toml files whose crates a build may need: those without a Cargo.toml above them, and those with a lock
    file beside them.

    Crates that the source contains have a .cargo-checksum.json (`cargo vendor`), and need not be fetched.
    """
    found: list[Path] = []
    for path in sorted(source.rglob("Cargo.toml"), key=lambda path: (len(path.parts), path)):
        above = [folder for folder in path.parents if folder == source or source in folder.parents]
        is_vendored = any((folder / ".cargo-checksum.json").is_file() for folder in above)
        is_member = any((folder / "Cargo.toml").is_file() for folder in above if folder != path.parent)
        if not is_vendored and (not is_member or path.with_name("Cargo.lock").is_file()):
            found.append(path)
    return tuple(found)


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


def sources_of_crates(environment: Mapping[str, str]) -> str:
    """The part of the user's cargo configuration that says where crates come from, as TOML.
    Raises ConfigurationError."""
    home = environment.get("CARGO_HOME") or os.path.join(environment.get("HOME", "/nonexistent"), ".cargo")
    for name in ("config", "config.toml"):  # cargo's own order
        file = Path(home) / name
        if not file.is_file():
            continue
        try:
            tables = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{file}: cargo's configuration cannot be read", found=str(error)) from error
        return tomli_w.dumps({name: tables[name] for name in _TABLES if name in tables})
    return ""


def _as_variable(triple: str) -> str:
    return triple.upper().replace("-", "_")


def _is_of_the_network(name: str) -> bool:
    return name.startswith(_VARIABLES) or name.lower().endswith("_proxy")
