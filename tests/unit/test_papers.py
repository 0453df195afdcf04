"""The papers of what is built: valid by the standards' own schemas, with all that is known of each part."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.papers.components import describe_component
from crosspython.papers.crates import crates_of_sdist, read_cargo_lock
from crosspython.papers.cyclonedx import write_cyclonedx
from crosspython.papers.downloaded import describe_fetches, texts_in_archive
from crosspython.papers.legal_info import Delivered, texts_in_stage, write_legal_info
from crosspython.papers.part import Change, Inventory, Part, each_once, full_cpe
from crosspython.papers.sources import read_source_metadata
from crosspython.papers.spdx import write_spdx
from crosspython.papers.stated_licenses import read_stated_license
from crosspython.papers.vendored import vendored_in
from crosspython.papers.wheels import (
    describe_wheel,
    find_owners,
    library_of_compiler,
    packages_in_stage,
    read_wheel_file,
)
from crosspython.recipes.plan import Edit
from crosspython.store.tree import pack_tree
from crosspython.wheels.model import Fetch, LockedFile, LockedPackage, WheelReport
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_python_model import load_data

from tests.conftest import pack
from tests.unit.declared import declare
from tests.unit.made_wheel import make_wheel

SHA = "a" * 64
PATCH = "Mend it.\n\nCVE: CVE-2031-0001\n\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
LOCK = """
[[package]]
name = "mine"
version = "0.1.0"

[[package]]
name = "made-up"
version = "1.2.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "%s"

[[package]]
name = "from-git"
version = "0.2.0"
source = "git+https://upstream.invalid/from-git#0123"
"""


def component(folder: Path, name: str = "hello", **said: object) -> Part:
    """The facts of a component whose recipe has a patch and an edit."""
    (folder / "0001-mend.patch").write_text(PATCH)
    edits = [Edit("Makefile", "a", "b")]
    recipe = declare("Autoconf", folder=folder, name=name, license="MIT", cpe="some:hello", steps=edits, **said)
    return describe_component(recipe, {name: recipe})


def inventory(folder: Path) -> Inventory:
    made = make_wheel(
        folder,
        "top-1.0-py3-none-any.whl",
        {"top.py": ""},
        metadata=["License-Expression: MIT OR Apache-2.0"],
    )
    report = WheelReport("top", "1.0", made.name, ("py3-none-any",), "ready")
    package = LockedPackage("top", "1.0", wheels=(LockedFile(made.name, SHA, "https://upstream.invalid/" + made.name),))
    parts = [
        component(folder),
        *describe_wheel(made, report, package, {}, (component(folder),), read_cargo_lock(LOCK % SHA)),
        Part("package", "odd", "1", "pkg:pypi/odd@1", stated="BSD License"),
        Part("component", "ref", "1", "pkg:generic/ref@1", license="LicenseRef-mine"),
        Part("component", "two", "1", "pkg:generic/two@1", license="MIT AND LicenseRef-mine"),
        Part("library", "unknown.so.1", "", "pkg:generic/unknown.so.1"),
    ]
    return Inventory("python-3.13.5-rv1126", "3.13.5", each_once(parts), SHA, {"target": "rv1126"})


def test_the_sbom_is_valid_by_the_standards_own_schema(tmp_path: Path) -> None:
    text = write_cyclonedx(inventory(tmp_path))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.loads(text)["specVersion"] == "1.6"


def test_the_sbom_has_the_same_bytes_twice_and_another_number_for_another_content(tmp_path: Path) -> None:
    told = inventory(tmp_path)
    text = write_cyclonedx(told)
    shuffled = replace(told, parts=tuple(reversed(told.parts)))
    assert write_cyclonedx(shuffled) == text
    other = write_cyclonedx(replace(told, version="3.13.6"))
    numbers = {json.loads(each)["serialNumber"] for each in (text, other)}
    assert len(numbers) == 2 and "2020-01-01" in text


def test_spdx_is_read_back_by_the_standards_own_model(tmp_path: Path) -> None:
    told = inventory(tmp_path)
    text = write_spdx(told)
    _, objects = load_data(json.loads(text))
    assert objects.missing_ids == set()
    graph = json.loads(text)["@graph"]
    packages = {each["name"]: each for each in graph if each["type"] == "software_Package"}
    assert packages.keys() == {"python-3.13.5-rv1126", *(part.name for part in told.parts)}
    hello = packages["hello"]
    assert hello["software_downloadLocation"] == "https://upstream.invalid/x-1.0.tar.gz"
    assert "cpe:2.3:a:some:hello:1.0:*:*:*:*:*:*:*" in {each["identifier"] for each in hello["externalIdentifier"]}
    edges = {(each["from"], each["relationshipType"]): each["to"] for each in graph if each["type"] == "Relationship"}
    assert len(edges[hello["spdxId"], "patchedBy"]) == 1
    assert hello["spdxId"] in edges[packages["top"]["spdxId"], "dependsOn"]
    licenses = {
        each["spdxId"]: each["simplelicensing_licenseExpression"] for each in graph if "License" in each["type"]
    }
    assert [licenses[each] for each in edges[packages["top"]["spdxId"], "hasDeclaredLicense"]] == ["MIT OR Apache-2.0"]


def test_spdx_has_the_same_bytes_twice(tmp_path: Path) -> None:
    told = inventory(tmp_path)
    assert write_spdx(replace(told, parts=tuple(reversed(told.parts)))) == write_spdx(told)
    assert "2020-01-01T00:00:00Z" in write_spdx(told)


def test_the_sbom_tells_all_that_the_recipe_knows(tmp_path: Path) -> None:
    bom = json.loads(write_cyclonedx(inventory(tmp_path)))
    hello = next(each for each in bom["components"] if each["name"] == "hello")
    assert hello["version"] == "1.0"
    assert hello["cpe"] == "cpe:2.3:a:some:hello:1.0:*:*:*:*:*:*:*"
    assert hello["purl"].startswith("pkg:generic/hello@1.0?") and "download_url=https" in hello["purl"]
    assert hello["licenses"] == [{"license": {"id": "MIT"}}]
    [source] = hello["externalReferences"]
    assert source["type"] == "source-distribution" and source["url"] == "https://upstream.invalid/x-1.0.tar.gz"
    assert source["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
    [patch] = hello["pedigree"]["patches"]
    assert PATCH in patch["diff"]["text"]["content"] and patch["resolves"][0]["id"] == "CVE-2031-0001"
    assert hello["pedigree"]["notes"] == "the build edits Makefile"


def test_a_wheel_depends_on_what_was_put_into_it(tmp_path: Path) -> None:
    bom = json.loads(write_cyclonedx(inventory(tmp_path)))
    edges = {each["ref"]: each.get("dependsOn", []) for each in bom["dependencies"]}
    assert edges["pkg:pypi/top@1.0"] == ["pkg:cargo/from-git@0.2.0", "pkg:cargo/made-up@1.2.3", "pkg:generic/hello@1.0"]
    licenses = {each["name"]: each.get("licenses") for each in bom["components"]}
    assert licenses["top"] == [{"expression": "MIT OR Apache-2.0"}]
    assert licenses["odd"] == [{"license": {"name": "BSD License"}}]
    assert licenses["ref"] == [{"expression": "LicenseRef-mine"}]


def test_an_sbom_in_a_wheel_is_taken_over(tmp_path: Path) -> None:
    brought = {
        "bomFormat": "CycloneDX",
        "components": [
            {
                "name": "libfoo",
                "version": "2",
                "purl": "pkg:rpm/almalinux/libfoo@2",
                "licenses": [{"license": {"id": "MIT"}}],
            },
            {"name": "no purl", "components": [{"name": "inner", "version": "1", "purl": "nonsense"}]},
            "nonsense",
        ],
    }
    files = {
        "top-1.0.dist-info/sboms/auditwheel.cdx.json": json.dumps(brought),
        "top-1.0.dist-info/sboms/broken.json": "{",
        "top-1.0.dist-info/sboms/list.json": "[]",
    }
    wheel = make_wheel(tmp_path, "top-1.0-py3-none-any.whl", files)
    _, *parts = describe_wheel(wheel, WheelReport("top", "1.0", wheel.name, (), "ready"), None, {})
    assert {(part.purl, part.license) for part in parts} == {
        ("pkg:rpm/almalinux/libfoo@2", "MIT"),
        ("pkg:generic/no%20purl", ""),
        ("pkg:generic/inner@1", ""),
    }


def test_crates_are_those_of_the_sdists_locks(tmp_path: Path) -> None:
    sdist = tmp_path / "x-1.tar.gz"
    other = LOCK.replace("made-up", "of-a-test") % SHA
    sdist.write_bytes(pack("x-1", {"rust/Cargo.lock": LOCK % SHA, "tests/Cargo.lock": other, "a.py": ""}))
    assert [crate.purl for crate in crates_of_sdist(sdist, {})] == [
        "pkg:cargo/from-git@0.2.0?vcs_url=git%2Bhttps://upstream.invalid/from-git%230123",
        "pkg:cargo/made-up@1.2.3",
    ]
    assert crates_of_sdist(sdist, {})[1].sha256 == SHA
    ours = {"rust/Cargo.lock": LOCK.replace("made-up", "locked-by-us") % SHA}
    assert [crate.name for crate in crates_of_sdist(sdist, ours)] == ["from-git", "locked-by-us"]


@pytest.mark.parametrize(
    ("fetch", "purl"),
    [
        (Fetch("https://x.invalid/zlib-1.3.1.tar.gz", SHA, cmake="zlib"), "pkg:generic/zlib@1.3.1"),
        (
            Fetch("https://x.invalid/v2/get_patch", SHA, file="subprojects/packagecache/foo_1.3-2_patch.zip"),
            "foo@1.3-2",
        ),
        (Fetch("https://x.invalid/data.bin", SHA, file="src/data.bin"), "pkg:generic/data.bin"),
        (
            Fetch("https://github.com/google/re2/archive/refs/tags/2024-07-02.tar.gz", SHA, folder="re2"),
            "google/re2@2024",
        ),
    ],
)
def test_a_declared_download_is_a_part_with_its_address_and_hash(fetch: Fetch, purl: str) -> None:
    (part,) = describe_fetches([replace(fetch, license="MIT")])
    assert purl in part.ref
    assert PackageURL.from_string(part.purl).qualifiers == {"download_url": fetch.url, "checksum": f"sha256:{SHA}"}
    assert [(each.sha256, each.url) for each in part.origins] == [(SHA, fetch.url)]
    assert part.license == "MIT"


def test_the_licence_texts_of_an_archive_are_those_at_its_top(tmp_path: Path) -> None:
    archive = tmp_path / "foo-1.tar.gz"
    archive.write_bytes(pack("foo-1", {"LICENSE.txt": "mine", "deps/x/COPYING": "of another", "a.c": ""}))
    assert texts_in_archive(archive) == {"LICENSE.txt": b"mine"}
    (tmp_path / "data.bin").write_bytes(b"no archive")
    assert texts_in_archive(tmp_path / "data.bin") == {}


@pytest.mark.parametrize("text", ["", "nonsense", "package = 3", "[[package]]\nsource = 'x'", "[package]"])
def test_what_is_no_lock_names_no_crates(text: str) -> None:
    assert read_cargo_lock(text) == ()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["License-Expression: mit"], ("MIT", "")),
        (["License: BSD-3-Clause"], ("BSD-3-Clause", "")),
        (["License: Apache 2.0"], ("Apache-2.0", "")),
        (["Classifier: License :: OSI Approved :: MIT License"], ("MIT", "")),
        (["License: MIT License", "Classifier: License :: OSI Approved"], ("MIT", "")),
        (["Classifier: License :: OSI Approved :: BSD License"], ("", "BSD License")),
        (["Classifier: License :: OSI Approved :: MIT License", "Classifier: License :: Other/Proprietary License"],
         ("", "MIT License, Other/Proprietary License")),
        (["License: " + "Permission is hereby granted " * 9, "Classifier: License :: OSI Approved :: MIT License"],
         ("MIT", "")),
        (["License: UNKNOWN"], ("", "")),
        (["License: as you like it"], ("", "as you like it")),
        ([], ("", "")),
    ],
)  # fmt: skip
def test_a_licence_is_an_expression_only_where_that_is_clear(
    tmp_path: Path, lines: list[str], told: tuple[str, str]
) -> None:
    wheel = make_wheel(tmp_path, "x-1-py3-none-any.whl", {}, metadata=lines)
    assert read_stated_license(read_wheel_file(wheel).metadata) == told


def test_the_source_of_a_package_tells_its_licence_before_it_is_built(tmp_path: Path) -> None:
    sdist = tmp_path / "x-1.tar.gz"
    sdist.write_bytes(pack("x-1", {"PKG-INFO": "Metadata-Version: 2.4\nLicense-Expression: ISC\n", "a/PKG-INFO": "x"}))
    assert read_source_metadata(sdist)["license_expression"] == "ISC"
    (tmp_path / "pyproject.toml").write_text('[project]\nlicense = {text = "MIT"}\nclassifiers = ["A :: B"]\n')
    assert read_stated_license(read_source_metadata(tmp_path)) == ("MIT", "")
    (tmp_path / "pyproject.toml").unlink()
    assert read_stated_license(read_source_metadata(tmp_path)) == ("", "")


def test_patches_say_which_vulnerabilities_they_mend() -> None:
    assert Change("0001-x.patch", PATCH).mends == ("CVE-2031-0001",)
    assert Change("0002-CVE-2031-12345.patch", "--- a/x\nCVE: CVE-2031-0009\n").mends == ("CVE-2031-12345",)
    assert Change("0003-x.patch", "like CVE-2031-0001\n--- a/x\n").mends == ()


def test_a_version_in_a_cpe_is_quoted() -> None:
    assert full_cpe("gnu:x", "20250104-3.1") == "cpe:2.3:a:gnu:x:20250104-3.1:*:*:*:*:*:*:*"
    assert full_cpe("gnu:x", "1.0+git~1") == r"cpe:2.3:a:gnu:x:1.0\+git\~1:*:*:*:*:*:*:*"
    assert full_cpe("", "1") == ""


@pytest.mark.parametrize("cpe", ["openssl", "open ssl:openssl", "a:b:c"])
def test_a_cpe_in_a_recipe_is_vendor_and_product(cpe: str) -> None:
    with pytest.raises(Exception, match='cpe: expected a string such as "openssl:openssl"'):
        declare("Autoconf", cpe=cpe)


def stage(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name).write_text(text)
    pack_tree(folder / "tree", folder / "x.tar.zst", epoch=0)
    return folder / "x.tar.zst"


def test_a_stage_archive_tells_packages_licences_and_libraries(tmp_path: Path) -> None:
    archive = stage(
        tmp_path,
        {
            "lib/python3.13/site-packages/pip-25.1.dist-info/METADATA": "Name: pip\nVersion: 25.1\nLicense: MIT\n",
            "share/licenses/hello/COPYING": "all rights\n",
            "share/licenses/helloworld/COPYING": "another's\n",
            "lib/libhello.so.1": "",
        },
    )
    [pip] = packages_in_stage(archive)
    assert (pip.purl, pip.license) == ("pkg:pypi/pip@25.1", "MIT")
    assert texts_in_stage(archive, "hello") == {"COPYING": b"all rights\n"}
    stages = {"hello": archive, "gone": tmp_path / "gone.tar.zst"}
    assert find_owners({"libhello.so.1", "libgfortran.so.5"}, stages) == {"libhello.so.1": "hello"}


def test_a_library_of_the_compiler_has_its_version_and_licence() -> None:
    part = library_of_compiler("libgfortran.so.5", "gcc 12.2.0")
    assert (part.name, part.version, part.cpe) == ("libgfortran", "12.2.0", "cpe:2.3:a:gnu:gcc:12.2.0:*:*:*:*:*:*:*")
    assert part.license == "GPL-3.0-or-later WITH GCC-exception-3.1"
    assert library_of_compiler("libodd.so.3", "gcc 12.2.0").license == ""


def test_legal_info_has_texts_patches_sources_and_a_table(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    part = component(tmp_path / "recipe")
    folder = tmp_path / "legal-info"
    (folder / "licenses" / "stale").mkdir(parents=True)
    odd = Part("package", "odd", "1", "pkg:pypi/odd@1", stated='BSD, "new"')
    without = write_legal_info(
        [Delivered(part, ("bundle", "sysroot"), {"doc/COPYING": b"text"}), Delivered(odd, (), {})], folder
    )
    assert without == ["odd 1"]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "manifest.csv",
        "sources.sha256",
        "licenses/hello-1.0/doc-COPYING",
        "patches/hello-1.0/0001-mend.patch",
    }
    assert (folder / "sources.sha256").read_text() == f"{'0' * 64}  x-1.0.tar.gz\n"
    with (folder / "manifest.csv").open(newline="") as file:
        hello, other = csv.DictReader(file)
    assert hello["product"] == "bundle sysroot" and hello["license"] == "MIT"
    assert hello["patches"] == "0001-mend.patch" and hello["license files"] == "doc-COPYING"
    assert other["license"] == 'BSD, "new"'


def test_libraries_in_cpythons_source_are_told_by_its_own_document(tmp_path: Path) -> None:
    package = {
        "name": "expat",
        "versionInfo": "2.6.3",
        "downloadLocation": "https://upstream.invalid/expat-2.6.3.tar.gz",
        "checksums": [{"algorithm": "SHA256", "checksumValue": SHA}],
        "externalRefs": [{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:expat:2.6.3:*:*:*:*:*:*:*"}],
    }
    source = tmp_path / "Python-3.13.5.tar.gz"
    header = "#define XML_MAJOR_VERSION 9\n"
    files = {"Modules/expat/expat.h": header, "Misc/sbom.spdx.json": json.dumps({"packages": [package]})}
    source.write_bytes(pack("Python-3.13.5", files))
    [expat] = vendored_in(source)
    assert (expat.title, expat.license, expat.purl) == ("expat 2.6.3", "MIT", "pkg:generic/expat@2.6.3")
    assert expat.cpe == "cpe:2.3:a:x:expat:2.6.3:*:*:*:*:*:*:*" and expat.origins[0].sha256 == SHA


def test_libraries_in_an_older_cpythons_source_are_told_by_their_headers(tmp_path: Path) -> None:
    source = tmp_path / "Python-3.9.2.tar.gz"
    header = "#define XML_MAJOR_VERSION 2\n#define XML_MINOR_VERSION 2\n#  define XML_MICRO_VERSION 8\n"
    files = {"Modules/expat/expat.h": header, "Modules/_decimal/libmpdec/mpdecimal.h": "no version\n"}
    source.write_bytes(pack("Python-3.9.2", files))
    [expat] = vendored_in(source)
    assert expat.title == "expat 2.2.8"
    assert expat.cpe == "cpe:2.3:a:libexpat_project:libexpat:2.2.8:*:*:*:*:*:*:*"
