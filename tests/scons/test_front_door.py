"""The standalone front door: no variable of the command line is ignored in silence. Nothing is built here."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from crosspython import documents
from crosspython.builders.documents import _read_results
from crosspython.builders.front_door import NAMES, require_use
from crosspython.builders.goals import declare_goals
from crosspython.builders.settings import BOARD, WHEELS
from crosspython.errors import ConfigurationError
from crosspython.papers.provenance import Statement, digest_of, write_statement
from crosspython.run.journal import Journal, JournalEntry
from crosspython.run.log import StepCost
from crosspython.store.archive import unpack_archive

from tests.conftest import REPOSITORY, Project


class Standalone(Project):
    """crosspython's own SConstruct, with a build folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "SConstruct").write_text((REPOSITORY / "SConstruct").read_text())
        for name in ("components", "site_scons"):
            (folder / name).symlink_to(REPOSITORY / name)


@pytest.fixture
def standalone(tmp_path: Path) -> Standalone:
    return Standalone(tmp_path / "project")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pkgs=six"], "pkgs=six would be ignored: no goal of this run is about wheels"),
        (["bundle", "pkgs=six"], "scons wheels pkgs=six"),
        (["deploy", "board=root@b", "pkgs=six"], "pkgs=six would be ignored"),
        (["lock=pylock.toml"], "lock=pylock.toml would be ignored"),
        (["check=1", "binary=never"], "binary=never check=1 would be ignored"),
        (["libraries=bundle"], "with pkgs= or lock="),
        (["sysroot", "pkgs=six", "libraries=bundle"], "would be ignored"),
        (["board=root@192.168.1.10"], "no goal of this run is about a board"),
        (["bundle", "ssh_config=x"], "scons deploy ssh_config=x"),
        (["doctor", "overrides=x"], "would be ignored"),
        (["max_size=40M"], "scons image max_size=40M"),
        (["bundle", "format=json"], "scons wheels format=json"),
        (["bundle", "pip=0"], "no goal of this run is about an image"),
        (["compile_commands"], "compile_commands: no package is named"),
        (["compile_commands", "openssll"], "no such component: openssll\n  did you mean openssl?"),
        (["compile_commands", "build-zlib"], "no such component: build-zlib"),
        (["wheels", "pkgs=six", "shard=6/5"], "shard=6/5: not a valid part"),
        (["image", "pkgs=six", "shard=1/2"], "shard=1/2: only the wheels are divided into parts"),
        (["wheels", "pkgs=six", "shard=1/2", "check=1"], "a part cannot be installed"),
        (["wheels", "pkgs=six", "shard=1/2", "cache=none"], "no other run would get the wheels that are built here"),
        (["wheels", "pkgs=six", "shard=1/2", "format=json"], "a part has no wheelhouse to describe"),
        (["wheels", "pkgs=six", "times=x.json"], "nothing is divided"),
    ],
)
def test_a_variable_that_would_be_ignored_is_refused(standalone: Standalone, arguments: list[str], says: str) -> None:
    assert says in standalone.scons("-n", *arguments, code=2)


@pytest.mark.parametrize("goal", ["shell", "rebuild"])
def test_what_is_about_one_package_wants_its_name(standalone: Standalone, goal: str) -> None:
    assert f"{goal}: no package is named" in standalone.scons(goal, code=2)


def test_the_help_tells_every_goal() -> None:
    goals = re.findall(r'env\.Alias\("([^"]+)"', Path(declare_goals.__code__.co_filename).read_text())
    assert set(goals) == NAMES.keys() - {"(nothing)"}


def test_what_an_image_is_made_with_is_looked_for_before_anything_is_built(standalone: Standalone) -> None:
    output = standalone.scons("image", "image=squashfs", path="/nowhere", code=2)
    assert "this machine lacks programs: mksquashfs" in output and "building" not in output


@pytest.mark.parametrize(
    "arguments",
    [
        ["-h", "pkgs=six"],
        ["binary=auto", "check=0", "pkgs="],
        ["wheels", "pkgs=six", "binary=never"],
        ["fetch", "pkgs=six"],
        ["image", "pkgs=six", "image=deb", "max_size=40M", "pip=0"],
        ["check", "board=root@192.168.1.10"],
        ["pkgs=six", "libraries=bundle"],
        ["deploy", "board=root@b", "pkgs=six", "libraries=bundle"],
    ],
)
def test_a_variable_that_counts_is_taken(standalone: Standalone, arguments: list[str]) -> None:
    standalone.scons("-n", *arguments)


def test_what_is_ignored_is_told_as_one_command_to_type() -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_use({"pkgs": "numpy pandas>=2", "check": "1"}, {WHEELS: False, BOARD: False})
    assert caught.value.next == "scons wheels 'pkgs=numpy pandas>=2' check=1"


def test_the_projects_file_counts_and_the_command_line_before_it(standalone: Standalone) -> None:
    (standalone.folder / "crosspython.toml").write_text('target = "rk3568"\nlibc = "board"\npkgs = "six"\n')
    assert "packing python-3.13.5-rk3568.tar.gz" in standalone.scons("-n")
    assert "packing python-3.11.2-rpi4.tar.gz" in standalone.scons("-n", "target=rpi4", "python=3.11")
    assert "here: rk3568 (crosspython.toml)" in standalone.scons("-h")
    refused = standalone.scons("-n", "wheels", "pkgs=idna", "libc=glib", code=2)
    assert "libc=glib: not a libc" in refused and "crosspython.toml" not in refused


def test_an_empty_board_takes_that_of_the_projects_file_away(standalone: Standalone) -> None:
    assert "no board was named" in standalone.scons("-n", "check", "board=", code=2)
    (standalone.folder / "crosspython.toml").write_text('board = "root@192.168.1.10"\n')
    assert "checking the bundle in the emulator" in standalone.scons("-n", "check", "board=")


def test_a_mistake_in_the_projects_file_is_one_message_with_its_line(standalone: Standalone) -> None:
    (standalone.folder / "crosspython.toml").write_text('target = "rk3568"\n\npkgs = "six >> 3"\n')
    output = standalone.scons("-n", "image", code=2)
    assert f"pkgs= is set in {standalone.folder}/crosspython.toml, line 3" in output


def test_the_schema_is_written_into_the_build_folder(standalone: Standalone) -> None:
    standalone.scons("schema")
    written = (standalone.folder / "build/crosspython.schema.json").read_text()
    assert written == (REPOSITORY / "docs/crosspython.schema.json").read_text()


def test_several_targets_are_built_side_by_side(standalone: Standalone) -> None:
    (standalone.folder / "crosspython.toml").write_text('target = ["rk3568", "rv1126"]\npkgs = "six"\n')
    output = standalone.scons("-n", "image")
    assert "making python-image-3.13.5-rk3568.tar.gz" in output and "making python-image-3.13.5-rv1126.tar.gz" in output
    assert "rv1126" not in standalone.scons("-n", "target=rk3568").replace("rv1126, or a TOML", "")
    assert "is one board, but there are several targets: rk3568, rv1126" in standalone.scons(
        "-n", "deploy", "board=root@b", code=2
    )
    (standalone.folder / "rv1126.toml").write_text('extends = "rpi4"')
    twice = standalone.scons("-n", "target=rv1126,./rv1126.toml", code=2)
    assert "two targets have the same name: rv1126, rv1126" in twice
    assert "target=rk35: no such target" in standalone.scons("-n", "target=rv1126,rk35", code=2)


PATCH = """\
--- a/code.c
+++ b/code.c
@@ -1 +1 @@
-int f(void){return 1;}
+int patched(void){return 1;}
"""


def test_components_and_patches_of_the_users_own(standalone: Standalone) -> None:
    standalone.add("hello")
    (standalone.folder / "patches/hello").mkdir(parents=True)
    (standalone.folder / "patches/hello/0001-another-name.patch").write_text(PATCH)
    (standalone.folder / "crosspython.toml").write_text(
        'libc = "board"\ncomponents = ["recipes/hello"]\npatches = "patches"\ncache = "none"\n'
    )
    assert "building hello 1.0" in standalone.scons("-n", "bundle")
    standalone.scons("build/rv1126/stages/hello-1.0.tar.zst")
    unpack_archive(standalone.stage("hello"), standalone.folder / "stage")
    [library] = standalone.folder.joinpath("stage").rglob("libhello.so.1")
    assert b"patched" in library.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["components=recipes/none"], "recipes/none: there is no such folder"),
        (["components=mirror"], "mirror: nothing for it is in there"),
        (["components=recipes/zlib"], "zlib: two components have this name"),
        (["patches=patches"], "no such component: opensll\n  did you mean openssl?"),
    ],
)
def test_what_is_no_component_of_the_users_own_is_told(standalone: Standalone, arguments: list[str], says: str) -> None:
    standalone.add("zlib")
    (standalone.folder / "patches/opensll").mkdir(parents=True)
    (standalone.folder / "patches/opensll/0001-x.patch").write_text(PATCH)
    assert says in standalone.scons("-n", *arguments, code=2)


def told(standalone: Standalone, kind: type[Any], *arguments: str, path: str | None = None) -> Any:
    """The document that a goal writes to standard output."""
    environment = standalone.environment | ({"PATH": path} if path else {})
    command = standalone.command("-s", *arguments, "format=json")
    run = subprocess.run(command, cwd=standalone.folder, env=environment, capture_output=True, check=False, timeout=120)
    return msgspec.json.decode(run.stdout, type=kind)


def test_the_document_of_a_build_has_its_products(standalone: Standalone) -> None:
    entry = JournalEntry("zlib 1.3.1", 5.0, [StepCost("make", 5.0, 2.0, 1.5)], 8.0, "built", 1000)
    Journal(2, [entry]).save(standalone.folder / "build/rv1126/times.json")
    report = told(standalone, documents.Report, "report")
    assert Path(report.page).is_file() and report.jobs == 2
    [product] = report.products
    assert (product.title, product.size, product.steps[0].cpu) == ("zlib 1.3.1", 1000, 1.5)


def test_the_document_of_checks_that_were_not_reached_says_what_failed(standalone: Standalone) -> None:
    result = {"name": "earlier", "ok": True, "seconds": 1.0, "detail": ""}
    report = standalone.folder / "build/rv1126/check-3.13.5.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps([result]))
    assert [msgspec.to_builtins(each) for each in _read_results(report, 0.0)] == [result]
    os.utime(report, (1, 1))  # of an earlier run
    check = told(standalone, documents.Check, "check", path="/nowhere")
    assert (check.bundle, check.wheels) == ([], []) and check.failures


def test_verify_compares_the_file_that_stands_behind_it_and_builds_nothing(standalone: Standalone) -> None:
    """SCons would build a product again that is named on its command line."""
    product = standalone.folder / "build/rv1126/product.tar.gz"
    assert "product.tar.gz: there is no such file" in standalone.scons("verify", str(product), code=2)
    product.parent.mkdir(parents=True, exist_ok=True)
    product.write_bytes(b"product")
    assert "there is no statement about it" in standalone.scons("verify", "build/rv1126/product.tar.gz", code=2)
    stated = Statement("product.tar.gz", digest_of(product), (), {}, {})
    product.with_name("product.tar.gz.intoto.json").write_text(write_statement(stated))
    assert "product.tar.gz: as stated, made from 0 materials" in standalone.scons(
        "verify", "build/rv1126/product.tar.gz"
    )
    assert not (standalone.folder / "build/rv1126/stages").exists()
