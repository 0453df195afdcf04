"""Which parts made-up advisories are about, and what counts as dealt with."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import ConfigurationError
from crosspython.papers.advisories import read_advisories
from crosspython.papers.part import Change, Part, full_cpe
from crosspython.papers.version_order import Incomparable, release_key
from crosspython.papers.vex import read_vex
from crosspython.papers.vulnerabilities import (
    OPEN,
    PATCHED,
    STATED,
    UNDECIDED,
    FoundVulnerability,
    at_least,
    count_states,
    find_vulnerabilities,
)

HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"  # 7.5
LOW = "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N"  # 2.5
CRITICAL_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"  # 9.3
PATCH = Change("0001-x.patch", "CVE: CVE-2031-0001\n--- a/x\n")


def library(version: str = "3.5.7", name: str = "openssl", cpe: str = "openssl:openssl", **said: Any) -> Part:
    return Part("component", name, version, f"pkg:generic/{name}@{version}?x=y", full_cpe(cpe, version), **said)


def package(version: str = "1.5", name: str = "made-up") -> Part:
    return Part("package", name, version, f"pkg:pypi/{name}@{version}")


def crate(version: str = "1.5.0", name: str = "made-up") -> Part:
    return Part("crate", name, version, f"pkg:cargo/{name}@{version}")


def advisory(
    ecosystem: str, name: str, *events: tuple[str, str], kind: str = "ECOSYSTEM", **said: Any
) -> dict[str, Any]:
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}}
    if events:
        affected["ranges"] = [{"type": kind, "events": [dict([event]) for event in events]}]
    for key in ("versions", "database_specific"):
        if key in said:
            affected[key] = said.pop(key)
    affected["package"] |= said.pop("package", {})
    return {"id": "OSV-2031-1", "aliases": ["CVE-2031-0001"], "affected": [affected], **said}


def find(folder: Path, part: Part, *records: dict[str, Any], vex: str = "") -> list[FoundVulnerability]:
    (folder / "db/deep").mkdir(parents=True)
    for number, record in enumerate(records):
        (folder / f"db/deep/{number}.json").write_text(json.dumps(record))
    statements = ()
    if vex:
        (folder / "vex.json").write_text(vex)
        statements = read_vex(folder / "vex.json")
    return find_vulnerabilities([part], read_advisories(folder / "db", [part]), statements)


RANGE = (("introduced", "1.0"), ("fixed", "2.0"))


@pytest.mark.parametrize(
    ("part", "record", "is_found"),
    [
        (package("1.5"), advisory("PyPI", "made-up", *RANGE), True),
        (package("1.5"), advisory("PyPI", "Made.Up", *RANGE), True),
        (package("2.0"), advisory("PyPI", "made-up", *RANGE), False),
        (package("2.0rc1"), advisory("PyPI", "made-up", *RANGE), True),
        (package("0.9"), advisory("PyPI", "made-up", *RANGE), False),
        (package("1.5"), advisory("crates.io", "made-up", *RANGE), False),
        (package("1.5"), advisory("npm", "made-up", *RANGE), False),
        (package("1.5"), advisory("PyPI", "made", *RANGE), False),
        (package("0.1"), advisory("PyPI", "made-up", ("introduced", "0")), True),
        (package("1.5"), advisory("PyPI", "made-up", ("introduced", "0"), ("last_affected", "1.5")), True),
        (package("1.5.1"), advisory("PyPI", "made-up", ("introduced", "0"), ("last_affected", "1.5")), False),
        (package("1.5"), advisory("PyPI", "made-up", versions=["1.4", "1.5"]), True),
        (package("1.6"), advisory("PyPI", "made-up", versions=["1.4", "1.5"]), False),
        # fixed in 1.2 and in 2.1, and in between again not
        (package("1.3"), advisory("PyPI", "made-up", ("introduced", "0"), ("fixed", "1.2"), ("introduced", "2.0"),
                                  ("fixed", "2.1")), False),
        (package("2.0.5"), advisory("PyPI", "made-up", ("introduced", "2.0"), ("fixed", "2.1"), ("introduced", "0"),
                                    ("fixed", "1.2")), True),
        (crate("1.5.0"), advisory("crates.io", "made-up", ("introduced", "0.0.0-0"), ("fixed", "1.5.1"), kind="SEMVER"),
         True),
        (crate("1.5.1"), advisory("crates.io", "made-up", ("introduced", "0.0.0-0"), ("fixed", "1.5.1"), kind="SEMVER"),
         False),
        (crate("1.5.0"), advisory("PyPI", "made-up", *RANGE), False),
        (library("3.5.7"), advisory("OSS-Fuzz", "openssl", ("introduced", "3.5.0"), ("fixed", "3.5.10")), True),
        (library("3.5.10"), advisory("OSS-Fuzz", "openssl", ("introduced", "3.5.0"), ("fixed", "3.5.9")), False),
        (library("3.5.7"), advisory("Debian:12", "openssl", ("introduced", "0")), False),
        (library("1.1.1w"), advisory("Bitnami", "openssl", ("introduced", "1.1.1"), ("fixed", "1.1.1x")), True),
        (library("3.5.7"), advisory("", "", ("introduced", "0"), package={"purl": "pkg:generic/openssl"}), True),
        (library("3.5.7"), advisory("", "", ("introduced", "0"), package={"purl": "pkg:generic/other"}), False),
        (library("3.5.7"), advisory("", "", ("introduced", "0"), package={"purl": "no purl"}), False),
        (library("5.8", "xz", "tukaani:xz"), advisory("", "xz-utils", ("introduced", "5"),
         database_specific={"cpe": "cpe:2.3:a:tukaani:xz:*:*:*:*:*:*:*:*"}), True),
        (library("5.8", "xz", "tukaani:xz"), advisory("", "xz-utils", ("introduced", "5"),
         database_specific={"cpe": "cpe:2.3:a:other:xz:*:*:*:*:*:*:*:*"}), False),
        (library("3.5.7"), advisory("GIT", "openssl", versions=["openssl-3.5.7"]), True),
        (library("2.10.0", "freetype", "freetype:freetype"), advisory("", "freetype", versions=["VER-2-10-0"]), True),
        (library("2.10.1", "freetype", "freetype:freetype"), advisory("", "freetype", versions=["VER-2-10-0"]), False),
        (package("1.5"), {**advisory("PyPI", "made-up", *RANGE), "withdrawn": "2031-01-01T00:00:00Z"}, False),
    ],
)  # fmt: skip
def test_an_advisory_is_about_the_versions_of_its_package_alone(
    tmp_path: Path, part: Part, record: dict[str, Any], is_found: bool
) -> None:
    assert [finding.state for finding in find(tmp_path, part, record)] == ([OPEN] if is_found else [])


def test_the_versions_without_it_are_told(tmp_path: Path) -> None:
    [finding] = find(tmp_path, package(), advisory("PyPI", "made-up", *RANGE, summary="It leaks."))
    assert finding.line() == "unknown  made-up 1.5: OSV-2031-1 (CVE-2031-0001) It leaks.; fixed in 2.0"


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": HIGH}]}, "high"),
        ({"severity": [{"type": "CVSS_V3", "score": LOW}, {"type": "CVSS_V4", "score": CRITICAL_4}]}, "critical"),
        (
            {"severity": [{"type": "CVSS_V3", "score": "nonsense"}], "database_specific": {"severity": "MODERATE"}},
            "medium",
        ),
        ({"database_specific": {"severity": "HIGH"}}, "high"),
        ({}, "unknown"),
    ],
)
def test_severity_is_read_of_cvss_or_of_the_databases_word(tmp_path: Path, said: dict[str, Any], severity: str) -> None:
    record = advisory("PyPI", "made-up", *RANGE) | said
    [finding] = find(tmp_path, package(), record)
    assert finding.severity == severity
    assert bool(at_least([finding], "high")) is (severity != "medium")
    assert at_least([finding], "low") and not at_least([finding], "never")


def test_a_patch_that_names_it_mends_it(tmp_path: Path) -> None:
    [finding] = find(tmp_path, library(changes=(PATCH,)), advisory("OSS-Fuzz", "openssl", ("introduced", "0")))
    assert finding.state == PATCHED and not at_least([finding], "low")


def vex(**said: Any) -> str:
    statement = {
        "vulnerability": {"name": "CVE-2031-0001"},
        "status": "not_affected",
        "justification": "component_not_present",
    }
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [statement | said]})


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, STATED),
        ({"products": [{"@id": "pkg:generic/openssl@3.5.7"}]}, STATED),
        ({"products": [{"@id": "pkg:generic/openssl"}]}, STATED),
        ({"products": ["pkg:generic/openssl@3.5.6"]}, OPEN),
        ({"products": [{"@id": "pkg:generic/board", "subcomponents": [{"@id": "pkg:generic/openssl"}]}]}, STATED),
        ({"products": [{"@id": "pkg:generic/board"}]}, OPEN),
        ({"status": "fixed"}, STATED),
        ({"status": "under_investigation"}, OPEN),
        ({"vulnerability": "OSV-2031-1"}, STATED),
        ({"vulnerability": {"name": "CVE-2031-0002"}}, OPEN),
    ],
)
def test_a_statement_closes_what_it_is_about(tmp_path: Path, said: dict[str, Any], state: str) -> None:
    record = advisory("OSS-Fuzz", "openssl", ("introduced", "0"))
    assert [finding.state for finding in find(tmp_path, library(), record, vex=vex(**said))] == [state]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "its VEX statements cannot be read"),
        ("{}", "'statements' is missing"),
        (vex(status="harmless"), "status 'harmless'"),
        (vex(justification=""), "statement 1: not_affected, but no reason for it"),
        (vex(vulnerability={}), "no vulnerability is named"),
    ],
)
def test_a_wrong_statement_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "vex.json").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_vex(tmp_path / "vex.json")
    assert told in str(caught.value)


def test_what_names_commits_alone_is_undecided(tmp_path: Path) -> None:
    record = advisory("", "openssl", ("introduced", "0"), ("fixed", "0123abc"), kind="GIT")
    [finding] = find(tmp_path, library(), record)
    assert finding.state == UNDECIDED and not at_least([finding], "low")


def test_what_two_databases_tell_of_is_one_finding(tmp_path: Path) -> None:
    first = advisory("PyPI", "made-up", *RANGE)
    second = advisory("PyPI", "made-up", *RANGE) | {"id": "GHSA-x", "database_specific": {"severity": "LOW"}}
    other = advisory("PyPI", "made-up", *RANGE) | {"id": "CVE-2031-0009", "aliases": []}
    findings = find(tmp_path, package(), first, second, other)
    first_names, names = [set(finding.names) for finding in findings]
    assert first_names == {"CVE-2031-0009"} and names == {"OSV-2031-1", "GHSA-x", "CVE-2031-0001"}
    assert count_states(findings) == "2 open (1 unknown, 1 low)"


def test_a_database_is_a_folder_an_archive_or_one_file(tmp_path: Path) -> None:
    record = json.dumps([advisory("PyPI", "made-up", *RANGE)])
    (tmp_path / "one.json").write_text(record)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PyPI/1.json", record)
        archive.writestr("PyPI/2.json", json.dumps(advisory("PyPI", "other", *RANGE)))
    for place in ("one.json", "all.zip"):
        assert [found.id for found in read_advisories(tmp_path / place, [package()])] == ["OSV-2031-1"]


@pytest.mark.parametrize("text", ["{ made-up", '{"made-up": 3}', '[3, "made-up"]', '{"id": "made-up", "affected": 3}'])
def test_a_damaged_database_is_told_and_not_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "1.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"(?s)not a database of advisories\n  1\.json: .*1 files"):
        list(read_advisories(tmp_path, [package()]))


def test_an_empty_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no JSON file"):
        list(read_advisories(tmp_path, [package()]))


def test_releases_stand_in_the_order_in_which_they_came() -> None:
    for order in (
        ["1.0.2g", "1.0.2u", "1.1.0", "1.1.1", "1.1.1a", "1.1.1w", "3.0.0-alpha1", "3.0.0-beta2", "3.0.0", "3.0.10"],
        ["3.14.0a1", "3.14.0b2", "3.14.0rc1", "3.14.0", "3.14.1"],
        ["20240101-3.1", "20250104-3.1"],
        ["9d", "9e", "9.1"],
        ["2.9.14", "2.10", "2.10.1"],
    ):
        assert sorted(order, key=release_key) == order
    assert release_key("1.2") == release_key("v1.2.0")
    with pytest.raises(Incomparable):
        release_key("main")
