"""`scons cve`: known vulnerabilities of the products' components and packages. Nothing is built for this, because
recipes and the lock name all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.papers import components_of, parts_of_lock, shipped_components, wheels_of_house
from crosspython.builders.toolchain import known_toolchain
from crosspython.errors import CheckError, ConfigurationError, SourceError, hide_logins
from crosspython.recipes.recipe import NATIVE
from crosspython.store.disk import write_whole

if TYPE_CHECKING:
    from crosspython.papers.part import Part
    from crosspython.papers.vulnerabilities import FoundVulnerability


def AddVulnerabilities(env: Any) -> None:
    env.AddMethod(Vulnerabilities)


def Vulnerabilities(env: Any) -> Any:
    """List known vulnerabilities of the bundle's components and of the locked packages, and fail if one is as severe as
    `cve_severity=` or more. Returns an alias; the findings are written to build/<target>/cve.json."""
    build: Build = env["CROSSPYTHON"]

    def cve(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.papers.vulnerabilities import describe_findings

        parts = _parts(build)
        findings = find_in_database(build, parts)
        write_whole(build.settings.folder / "cve.json", json.dumps(describe_findings(findings), indent=1) + "\n")
        _tell(build, parts, findings)

    name = f"crosspython-cve-{build.settings.target.name}"
    return env.AlwaysBuild(env.Alias(name, [], make_action("cve", cve, "comparing with known vulnerabilities")))


def find_in_database(build: Build, parts: Sequence[Part]) -> list[FoundVulnerability]:
    """The findings about parts in the database that `cve_db=` names. Raises ConfigurationError and SourceError."""
    from crosspython.papers.advisories import read_advisories
    from crosspython.papers.vex import read_vex
    from crosspython.papers.vulnerabilities import find_vulnerabilities

    database = _database(build)
    statements = read_vex(build.settings.vex) if build.settings.vex else ()
    return find_vulnerabilities(parts, read_advisories(database, parts), statements)


def find_in_lock(build: Build) -> list[FoundVulnerability]:
    """Known vulnerabilities of the locked packages, without those that `vex=` settles; none without `cve_db=`."""
    from crosspython.papers.part import PACKAGE
    from crosspython.papers.vulnerabilities import OPEN, UNDECIDED

    if not build.settings.cve_db:
        return []
    packages = [part for part in parts_of_lock(build) if part.kind == PACKAGE]
    return [finding for finding in find_in_database(build, packages) if finding.state in (OPEN, UNDECIDED)]


def _parts(build: Build) -> tuple[Part, ...]:
    from crosspython.papers.part import each_once

    wanted = {part.recipe.name for part in build.components.wanted() if part.recipe.machine != NATIVE}
    try:
        components = shipped_components(build, wanted)
    except SourceError:
        build.run.console.warn(
            "expat and others in CPython's source are left out, because the source is not on this machine (offline=1)"
        )
        components = components_of(build, wanted)
    return each_once([*components, *_brought_libc(build), *parts_of_lock(build), *wheels_of_house(build)])


def _brought_libc(build: Build) -> list[Part]:
    """The libc that a bundle with libc=private brings."""
    from crosspython.papers.private_libc import glibc_part

    if not build.settings.target.brings_libc:
        return []
    toolchain = known_toolchain(build)
    if toolchain is None:
        build.run.console.warn("the libc in the bundle is left out, because no build has looked at the compiler yet")
        return []
    return [glibc_part(toolchain.libc, toolchain.compiler)]


def _tell(build: Build, parts: Sequence[Part], findings: Sequence[FoundVulnerability]) -> None:
    from crosspython.papers.vulnerabilities import OPEN, UNDECIDED, at_least, count_states

    for finding in findings:
        if finding.state in (OPEN, UNDECIDED):
            mark = "" if finding.state == OPEN else "undecided: "
            build.run.console.line(f"  {mark}{finding.line()}")
    build.run.console.line(f"  {len(parts)} parts: {count_states(findings)}")
    severity = build.settings.cve_severity
    if at_least(findings, severity):
        raise CheckError(
            "known vulnerabilities are open",
            expected=f"none of severity {severity} or worse (cve_severity={severity})",
            found=count_states(findings),
            log=build.settings.folder / "cve.json",
            next="take newer versions, add a patch with a line `CVE: ...`, or say in a VEX file why it does no harm"
            " (docs/sbom.md)",
        )


def _database(build: Build) -> Path:
    """The path of the database. A database at an address is fetched again, unless the run is offline."""
    place = build.settings.cve_db
    if not place:
        raise ConfigurationError(
            "cve: there is no database to compare with",
            next="name a folder of OSV files, or the address of an archive of them: scons cve cve_db=FOLDER",
        )
    if "://" not in place:
        if not Path(place).exists():
            raise ConfigurationError(f"cve_db={place}: there is no such file or folder")
        return Path(place)
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    copy = build.settings.downloads / "advisories" / name
    if not build.settings.offline:
        _fetch(place, copy)
    if not copy.is_file():
        raise SourceError(
            f"cve_db={hide_logins(place)}: it was not fetched yet, and offline=1 forbids the network",
            next="run the same command once without offline=1, or name a folder",
        )
    return copy


def _fetch(address: str, copy: Path) -> None:
    from crosspython.store.download import Downloader, Unavailable

    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    try:
        Downloader().download(address, part, "advisories")
    except Unavailable as error:
        raise SourceError(f"cve_db={hide_logins(address)}: it could not be fetched", found=str(error)) from error
    part.replace(copy)
