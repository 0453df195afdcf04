"""The crates of packages in Rust: fetched before a build, which has no network, and locked.

Crates come from where the user's cargo is configured to fetch them (the cargo book, "Configuration" and "cargo fetch").
Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.disk import write_whole
from crosspython.store.exclusive import exclusive
from crosspython.wheels.building.inside import path_inside

if TYPE_CHECKING:
    from crosspython.toolchain.rust import Rust

_EVIDENCE_LINES = 10
_LOCK = "Cargo.lock"

# cargo's message if no registry has a version that a lock file names.
_ABSENT = re.compile(r"for the requirement `(?P<name>[\w-]+) = .*\(locked to (?P<version>\S+)\)")

# The parts of a user's configuration about the sources of crates; the other parts are about builds.
_TABLES = ("source", "registries", "registry", "http", "net")
_VARIABLES = ("CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "SSL_CERT_")


@dataclass(frozen=True)
class Crates:
    """cargo, as the program that fetches crates.

    home:    CARGO_HOME, the folder of crates, shared by all builds
    offline: missing crates are not fetched
    """

    rust: Rust
    home: Path
    offline: bool = False

    def lock(self, source: Path, path: str, environment: Mapping[str, str], log: Log) -> dict[str, str]:
        """Fetch the crates of a package; the lock files by their paths in it that it lacked, or that did not match.

        Raises StepError.
        """
        before = _lock_files(source)
        self.fetch(source, path, environment, log)
        return {place: text for place, text in _lock_files(source).items() if before.get(place) != text}

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


def put_locks(source: Path, locks: Mapping[str, str]) -> None:
    """Write lock files into a source, by their paths in it. Raises StepError for a path that leaves it."""
    for place, text in locks.items():
        path_inside(source, place).write_text(text, encoding="utf-8")


def _lock_files(source: Path) -> dict[str, str]:
    files = {str(path.relative_to(source)): path for path in sorted(source.rglob(_LOCK)) if path.is_file()}
    return {place: path.read_text(encoding="utf-8", errors="replace") for place, path in files.items()}


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


def _is_of_the_network(name: str) -> bool:
    return name.startswith(_VARIABLES) or name.lower().endswith("_proxy")
