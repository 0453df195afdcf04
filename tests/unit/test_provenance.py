"""Statements of where products come from: their content, damaged ones, and differences from lock and recipes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import CheckError
from crosspython.papers.part import COMPONENT, Change, Origin, Part
from crosspython.papers.provenance import (
    Known,
    Material,
    Statement,
    compare_materials,
    digest_of,
    materials_of,
    read_statement,
    write_statement,
)

PATCH = Change("0001-x.patch", "--- a\n+++ b\n")
PART = Part(
    COMPONENT,
    "zlib",
    "1.3",
    "pkg:generic/zlib@1.3?checksum=x",
    origins=(Origin("z.tar.gz", "a" * 64, "https://z/z.tar.gz"),),
    changes=(PATCH,),
)
REF = "pkg:generic/zlib@1.3"
STATED = Statement("x.whl", {"sha256": "b" * 64}, materials_of([PART]), {"target": "rv1126"}, {"compiler": "gcc 12"})


def test_what_was_written_is_read() -> None:
    assert read_statement(write_statement(STATED), "x") == STATED


def test_sources_and_patches_are_materials() -> None:
    assert [(each.name, each.of) for each in STATED.materials] == [("0001-x.patch", REF), ("z.tar.gz", REF)]
    [_, source] = json.loads(write_statement(STATED))["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source == {
        "name": "z.tar.gz",
        "digest": {"sha256": "a" * 64},
        "uri": "https://z/z.tar.gz",
        "annotations": {"of": REF},
    }


def test_a_commit_has_no_hash_of_its_bytes() -> None:
    stated = Statement("x", {"sha256": "b"}, (Material("c0ffee", "", "https://git/x", REF),), {}, {})
    assert (
        "digest" not in json.loads(write_statement(stated))["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    )
    assert read_statement(write_statement(stated), "x") == stated


def edit(*path: str, value: Any) -> str:
    told = json.loads(write_statement(STATED))
    place = told
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(told)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "[]",
        "{}",
        "null",
        edit("_type", value="https://in-toto.io/Statement/v0.1"),
        edit("predicateType", value="https://spdx.dev/Document"),
        edit("subject", value=[]),
        edit("subject", value=[{"name": "x"}]),
        edit("predicate", value=[]),
        edit("predicate", "buildDefinition", "buildType", value="https://other"),
        edit("predicate", "buildDefinition", "resolvedDependencies", value=[{"name": "x"}]),
        edit("predicate", "buildDefinition", "resolvedDependencies", value=["x"]),
    ],
)
def test_what_is_no_statement_of_ours_is_told(text: str) -> None:
    with pytest.raises(CheckError, match=r"x\.json: not a statement that `scons provenance` wrote"):
        read_statement(text, "x.json")


def test_a_folder_has_in_totos_hash_of_it(tmp_path: Path) -> None:
    """The command is the specification's (in-toto/attestation, digest_set.md, dirHash)."""
    for name in ("b", "a/x", "a-b", "B", "ä"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("b")
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '"
    told = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    assert digest_of(tmp_path) == {"dirHash": told}


@pytest.mark.parametrize(
    ("hashes", "others"),
    [
        ({"z.tar.gz": "a" * 64, "0001-x.patch": STATED.materials[0].sha256}, []),
        ({"z.tar.gz": "a" * 64}, []),
        ({"z.tar.gz": "c" * 64}, ["z.tar.gz"]),
        ({"0001-x.patch": "c" * 64, "z.tar.gz": "a" * 64}, ["0001-x.patch"]),
        ({"zlib.tar.xz": "d" * 64}, ["0001-x.patch", "z.tar.gz"]),
    ],
)
def test_other_bytes_than_the_recipes_are_told(hashes: dict[str, str], others: list[str]) -> None:
    found = compare_materials(STATED, {REF: Known("the recipe", hashes)})
    assert found == [f"{name} of {REF}: the recipe has a different hash" for name in others]
    assert compare_materials(STATED, {"pkg:generic/other@1": Known("the recipe", hashes)}) == []
