"""`scons sbom`, `scons legal-info` and `forbid_licenses=`, with tiny ready wheels and a component of a few lines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import Project, pack
from tests.unit.made_key import list_signers, make_key
from tests.unit.made_packages import sha256
from tests.unit.made_wheel import make_wheel

DECLARED = """\
wheels = env.Wheels()
env.Alias("wheels", wheels)
env.Alias("sbom", env.Sbom(wheels=wheels))
env.Alias("legal-info", env.LegalInfo(wheels=wheels))
env.Alias("provenance", env.Provenance(wheels=wheels))
env.Alias("verify", env.Verify())
"""


class Papers(Project):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.declare(DECLARED)
        self.links = folder / "links"
        made = {"License-Expression: MIT": "top", "License-Expression: GPL-3.0-or-later": "below"}
        for license, name in made.items():
            needs = ["Requires-Dist: below"] if name == "top" else []
            files = {f"{name}.py": "", f"{name}-1.0.dist-info/licenses/COPYING": f"the text of {name}\n"}
            make_wheel(self.links, f"{name}-1.0-py3-none-any.whl", files, metadata=[license, *needs])

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.links)}

    @property
    def products(self) -> Path:
        return self.folder / "build/rv1126"


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path / "project")


def test_the_wheelhouse_gets_an_sbom_and_the_licences_of_all_that_is_in_it(papers: Papers) -> None:
    output = papers.scons("sbom", "legal-info", "pkgs=top")
    sbom = papers.products / "sbom/wheels-3.13.cdx.json"
    assert "wheels-3.13.cdx.json, .spdx.json: 2 parts" in output
    bom = json.loads(sbom.read_text())
    hashes = {each["name"]: each["hashes"][0]["content"] for each in bom["components"]}
    assert hashes == {name: sha256(papers.links / f"{name}-1.0-py3-none-any.whl") for name in ("top", "below")}
    assert {"ref": "pkg:pypi/top@1.0", "dependsOn": ["pkg:pypi/below@1.0"]} in bom["dependencies"]
    legal = papers.products / "legal-info"
    assert (legal / "licenses/below-1.0/licenses-COPYING").read_text() == "the text of below\n"
    assert "wheels-3.13,below,1.0,package,GPL-3.0-or-later" in (legal / "manifest.csv").read_text()
    both = [sbom, sbom.with_name("wheels-3.13.spdx.json")]
    before = [each.read_bytes() for each in both]
    papers.scons("sbom", "pkgs=top")
    assert [each.read_bytes() for each in both] == before


def test_each_wheel_gets_a_statement_that_verify_compares(papers: Papers) -> None:
    key = make_key(papers.folder / "ci")
    signers = list_signers(papers.folder / "signers", ci=key)
    stranger = list_signers(papers.folder / "others", other=make_key(papers.folder / "other"))
    assert "2 statements, signed by" in papers.scons("provenance", "pkgs=top", f"sign_key={key}")
    name = "top-1.0-py3-none-any.whl"
    wheel, file = papers.products / "wheels" / name, papers.products / f"provenance/{name}.intoto.json"
    statement = json.loads(file.read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": name, "digest": {"sha256": sha256(wheel)}}]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["target"] == "rv1126"
    [material] = definition["resolvedDependencies"]
    assert material["name"] == name and material["digest"] == {"sha256": sha256(papers.links / name)}

    output = papers.scons("verify", "pkgs=top", f"signers={signers}")
    assert f"{wheel}: as stated, made from 1 material; signed by ci" in output
    assert "its signer is not in that list" in papers.scons("verify", "pkgs=top", f"signers={stranger}", code=2)
    file.write_text(file.read_text().replace(sha256(wheel), "0" * 64))
    assert "the data was changed" in papers.scons("verify", "pkgs=top", f"signers={signers}", code=2)
    assert "its content is not what its statement describes" in papers.scons("verify", "pkgs=top", code=2)
    material["digest"]["sha256"] = "1" * 64
    file.write_text(json.dumps(statement))
    assert f"{name} of pkg:pypi/top@1.0: the lock has a different hash" in papers.scons("verify", "pkgs=top", code=2)


def test_what_a_build_would_download_is_in_all_papers(papers: Papers) -> None:
    """A wheel that was built would need a Python for the board, so a ready one is reported as one."""
    papers.declare(
        'if "wheels" in COMMAND_LINE_TARGETS:\n    env.Alias("wheels", env.Wheels())\n'
        'env.Alias("sbom", env.Sbom())\nenv.Alias("legal-info", env.LegalInfo())\n'
        'env.Alias("provenance", env.Provenance())\n'
    )
    data = pack("foo-1.0", {"COPYING": "the text of foo"})
    sha = hashlib.sha256(data).hexdigest()
    (papers.folder / "downloads").mkdir(exist_ok=True)
    (papers.folder / "downloads/foo-1.0.tar.gz").write_bytes(data)
    place = f'url = "https://foo.invalid/foo-1.0.tar.gz"\nsha256 = "{sha}"\ncmake = "foo"\nlicense = "gpl-2.0-only"\n'
    (papers.folder / "below.toml").write_text(f'reason = "it downloads foo"\n[[fetches]]\n{place}')
    papers.scons("wheels", "pkgs=below", "overrides=.")
    for report in papers.products.rglob("*.json"):
        report.write_text(report.read_text().replace('"ready"', '"cross"'))
    papers.scons("sbom", "legal-info", "provenance", "overrides=.", "offline=1")
    bom = json.loads((papers.products / "sbom/wheels-3.13.cdx.json").read_text())
    (foo,) = (each for each in bom["components"] if each["name"] == "foo")
    assert foo["version"] == "1.0" and sha in json.dumps(foo)
    assert foo["licenses"] == [{"license": {"id": "GPL-2.0-only"}}]
    assert {"ref": "pkg:pypi/below@1.0", "dependsOn": ["pkg:generic/foo@1.0"]} in bom["dependencies"]
    assert "pkg:generic/foo" in (papers.products / "sbom/wheels-3.13.spdx.json").read_text()
    legal = papers.products / "legal-info"
    assert (legal / "licenses/foo-1.0/COPYING").read_text() == "the text of foo"
    assert f"{sha}  foo-1.0.tar.gz" in (legal / "sources.sha256").read_text()
    (statement,) = (papers.products / "provenance").glob("below-*.intoto.json")
    materials = json.loads(statement.read_text())["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {(each["digest"]["sha256"], each["annotations"]["of"]) for each in materials} >= {
        (sha, "pkg:generic/foo@1.0")
    }


def test_a_forbidden_licence_is_told_before_anything_is_built(papers: Papers) -> None:
    output = papers.scons("wheels", "pkgs=top", "forbid_licenses=GPL-3.0-only", code=2)
    assert "forbid_licenses=: the wheelhouse would contain forbidden licences" in output
    assert "below 1.0: GPL-3.0-or-later" in output and "top 1.0" not in output
    assert not (papers.products / "wheels").exists() and not (papers.products / "stages").exists()
    papers.scons("wheels", "pkgs=top", "forbid_licenses=GPL-2.0*")


def test_bundle_and_sysroot_get_sboms_with_the_texts_of_licences(project: Project) -> None:
    project.add("base", options='license="GPL-3.0-or-later", license_files=["code.c"], cpe="some:base"')
    project.add("cpython", options='license="MIT", depends=["base"]')
    script = project.folder / "SConstruct"
    goals = """
bundle, sysroot = env.Bundle(), env.Sysroot()
env.Alias("sbom", env.Sbom(bundle, sysroot))
env.Alias("legal-info", env.LegalInfo(bundle, sysroot))
env.Alias("provenance", env.Provenance(bundle, sysroot))
env.Alias("verify", env.Verify())
"""
    script.write_text(script.read_text() + goals)
    output = project.scons("sbom", "forbid_licenses=GPL-3.0-only", code=2)
    assert "the bundle would contain forbidden licences" in output and "base 1.0: GPL-3.0-or-later" in output
    project.scons("sbom", "legal-info")
    products = project.folder / "build/rv1126"
    bundle = json.loads((products / "sbom/python-1.0-rv1126.cdx.json").read_text())
    assert bundle["metadata"]["component"]["hashes"][0]["content"] == sha256(products / "python-1.0-rv1126.tar.gz")
    assert {"ref": "pkg:generic/cpython@1.0", "dependsOn": ["pkg:generic/base@1.0"]} in bundle["dependencies"]
    base = next(each for each in bundle["components"] if each["name"] == "base")
    assert base["hashes"][0]["content"] == sha256(project.stage("base"))
    sysroot = json.loads((products / "sbom/sysroot.cdx.json").read_text())
    assert sysroot["components"] == bundle["components"]
    [text] = (products / "legal-info/licenses/base-1.0").iterdir()
    assert text.read_text() == "int f(void){return 1;}\n"
    project.scons("provenance")
    statement = json.loads((products / "provenance/python-1.0-rv1126.tar.gz.intoto.json").read_text())
    materials = {
        each["annotations"]["of"] for each in statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    }
    assert materials == {"pkg:generic/base@1.0", "pkg:generic/cpython@1.0"}
    output = project.scons("verify")
    assert output.count(": as stated, made from ") == 2 and "the cache has the same bytes" in output
    (products / "sysroot/more.h").write_text("")
    assert "sysroot: its content is not what its statement describes" in project.scons("verify", code=2)
    project.scons("-c", "sbom", "legal-info")
    assert not (products / "sbom").exists() and not (products / "legal-info").exists()


def test_known_vulnerabilities_fail_by_how_bad_they_are(project: Project) -> None:
    project.add("base", options='cpe="some:base"')
    project.add("cpython", options='depends=["base"]')
    script = project.folder / "SConstruct"
    script.write_text(script.read_text() + 'env.Alias("cve", env.Vulnerabilities())\n')
    database = project.folder / "db"
    database.mkdir()
    advisory = {
        "id": "CVE-2031-0001",
        "summary": "made up",
        "affected": [{"package": {"ecosystem": "OSS-Fuzz", "name": "base"}, "versions": ["v1.0"]}],
        "database_specific": {"severity": "MODERATE"},
    }
    (database / "1.json").write_text(json.dumps(advisory))
    output = project.scons("cve", "cve_db=db", code=2)
    assert "medium   base 1.0: CVE-2031-0001 made up" in output and "known vulnerabilities are open" in output
    assert "2 parts: 1 open (1 medium)" in project.scons("cve", "cve_db=db", "cve_severity=high", "offline=1")
    assert json.loads((project.folder / "build/rv1126/cve.json").read_text())["findings"][0]["state"] == "open"
    statement = {
        "vulnerability": "CVE-2031-0001",
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
    }
    (project.folder / "vex.json").write_text(json.dumps({"statements": [statement]}))
    assert "1 closed by a VEX statement" in project.scons("cve", "cve_db=db", "vex=vex.json")
    assert "scons cve cve_db=FOLDER" in project.scons("cve", code=2)
    assert "no such file or folder" in project.scons("cve", "cve_db=nowhere", code=2)
    assert "was not fetched yet" in project.scons("cve", "cve_db=http://upstream.invalid/x.zip", "offline=1", code=2)
    assert not project.stage("base").exists()
