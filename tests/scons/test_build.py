"""Components as an SCons user expects them: built once, built again only for a reason."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from crosspython.store.tree import unpack_tree

from tests.conftest import COMPONENTS, CONFIGURE, Project


def test_a_component_is_one_archive(project: Project) -> None:
    project.add("hello")
    output = project.scons()
    assert "building hello 1.0" in output
    assert project.stage("hello").is_file()
    assert "hello-1.0: make" in project.log("hello").read_text()


def test_the_compilations_of_a_component_are_written_down_for_an_editor(project: Project) -> None:
    project.add("base")
    compiles = CONFIGURE.replace("\t$CC -shared", "\t$CC -c -fPIC code.c\n\t$CC -shared")
    project.add("hello", options="depends=['base']", configure=compiles)
    project.declare(COMPONENTS + 'env.Alias("notes", env.CompileCommands(["hello"]))\n')
    output = project.scons("notes")
    assert "building base 1.0" in output
    assert "building hello 1.0" not in output
    file = project.stage("hello").parents[1] / "work/hello-1.0-commands/source/compile_commands.json"
    assert f"{file}: 1 compilation\n" in output
    [entry] = json.loads(file.read_text())
    assert entry["file"] == str(file.parent / "code.c")
    subprocess.run([*entry["arguments"], "-fsyntax-only"], cwd=entry["directory"], check=True, env=project.environment)
    assert not project.stage("hello").exists()


def test_components_start_in_the_order_in_which_they_were_declared(project: Project) -> None:
    names = ["seven", "three", "nine", "one", "eight", "two", "six"]
    for name in names:
        project.add(name)
    lines = project.scons("-j1").splitlines()
    assert [line.split()[1] for line in lines if line.startswith("building ")] == names


def test_a_components_build_sees_and_changes_its_own_folder_alone(project: Project) -> None:
    places = [project.folder, project.folder / "home", project.mirror, project.recipes / "hello", "/etc", "/usr/lib"]
    (project.folder / "home/key").write_text("opens nothing")
    attempts = "".join(f"(echo x > {place}/planted) 2>/dev/null\n" for place in places)
    attempts += f"cat {project.folder}/home/key\n"
    attempts += "(echo daemon > started; exec sleep 600) & while [ ! -e started ]; do sleep 0.1; done\n"
    project.add("hello", configure=CONFIGURE.replace("#!/bin/sh\n", f"#!/bin/sh\n{attempts}"))
    project.scons("contain=required")
    log = project.log("hello").read_text()
    assert "opens nothing" not in log
    assert "the build left a process running, which was ended: sleep 600" in log
    assert not [path for place in places for path in Path(place).glob("planted")]


def test_where_builds_cannot_be_contained_it_is_told_and_required_builds_nothing(project: Project) -> None:
    refusing = project.folder / "tools/unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    path = f"{refusing.parent}:{os.environ['PATH']}"
    project.add("hello")
    output = project.scons("contain=required", path=path, code=2)
    assert "contain=required: builds cannot be contained on this machine" in output
    assert not project.log("hello").exists()
    assert output.count("crosspython: warning") == 0
    assert project.scons(path=path).count("builds are NOT contained on this machine") == 1


def test_a_second_run_does_nothing(project: Project) -> None:
    project.add("hello")
    project.scons()
    assert "is up to date" in project.scons()
    project.scons("-q")


def test_question_says_that_something_is_to_be_built(project: Project) -> None:
    project.add("hello")
    project.scons("-q", code=1)


def test_a_dry_run_builds_and_writes_nothing(project: Project) -> None:
    project.add("hello")
    assert "building hello 1.0" in project.scons("-n")
    assert not (project.folder / "build").exists()


def test_clean_removes_what_was_built(project: Project) -> None:
    project.add("hello")
    project.scons()
    project.scons("-c")
    assert not project.stage("hello").exists()


def test_a_changed_plan_rebuilds_and_explain_names_it(project: Project) -> None:
    project.add("hello")
    project.scons()
    project.add("hello", options='configure=["--prefix=/opt/python", "--with-more"]')
    assert "plan of hello" in project.scons("--debug=explain")


def test_explain_does_not_name_what_has_a_new_time_alone(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["base"]')
    project.scons()
    os.utime(project.stage("base"))
    project.add("user", options='depends=["base"], configure=["--with-more"]')
    output = project.scons("--debug=explain")
    assert "plan of user" in output
    assert "base-1.0.tar.zst' changed" not in output
    assert "toolchain.txt' changed" not in output


def test_explain_names_a_changed_dependency(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["base"]')
    project.scons()
    project.add("base", code="int g(void){return 3;}\n")
    assert "base-1.0.tar.zst' changed" in project.scons("--debug=explain")


def test_a_new_patch_rebuilds(project: Project) -> None:
    project.add("hello")
    project.scons()
    patch = "--- a/code.c\n+++ b/code.c\n@@ -1 +1 @@\n-int f(void){return 1;}\n+int f(void){return 2;}\n"
    (project.recipes / "hello" / "0001-two.patch").write_text(patch)
    assert "patches of hello" in project.scons("--debug=explain")


def test_a_changed_file_beside_the_recipe_rebuilds(project: Project) -> None:
    project.add("hello", options='configure=["--with-answers={recipe}/answers"]')
    answers = project.recipes / "hello" / "answers"
    answers.write_text("yes\n")
    project.scons()
    answers.write_text("no\n")
    assert "files of hello" in project.scons("--debug=explain")


def test_a_patch_that_does_not_apply_fails_by_name(project: Project) -> None:
    project.add("hello")
    (project.recipes / "hello" / "0001-stale.patch").write_text("--- a/code.c\n+++ b/code.c\n@@ -1 +1 @@\n-no\n+yes\n")
    assert "hello 1.0" in project.scons(code=2)


def test_an_identical_dependency_stops_the_wave(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["base"]')
    project.scons()
    project.add("base", options="make=['-s']")
    output = project.scons()
    assert "building base" in output
    assert "building user" not in output


def test_a_changed_dependency_rebuilds_its_users(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["base"]')
    project.scons()
    project.add("base", code="int g(void){return 3;}\n")
    assert "building user" in project.scons()


def test_keep_going_builds_what_does_not_need_the_failed_one(project: Project) -> None:
    project.add("bad", code="this is no C\n")
    project.add("good")
    output = project.scons("-k", code=2)
    assert project.stage("good").is_file()
    assert not project.stage("bad").exists()
    assert "bad-1.0.log" in output


def test_a_failure_stops_what_runs_beside_it(project: Project) -> None:
    project.add("slow", configure="#!/bin/sh\nsleep 60\n")
    project.add("bad", code="this is no C\n")
    begin = time.monotonic()
    output = project.scons("-j2", code=2)
    assert time.monotonic() - begin < 30
    assert "code.c:1" in output


def test_a_failure_shows_the_last_lines_and_the_log(project: Project) -> None:
    project.add("bad", code="this is no C\n")
    output = project.scons(code=2)
    assert "code.c:1" in output
    assert str(project.log("bad")) in output


def test_quiet_says_nothing(project: Project) -> None:
    project.add("hello")
    assert project.scons("-s") == ""


def test_two_targets_lie_side_by_side(project: Project) -> None:
    project.add("hello")
    project.scons("target=rv1126")
    project.scons("target=rk3568")
    assert project.stage("hello", "rv1126").is_file()
    assert project.stage("hello", "rk3568").is_file()
    assert "is up to date" in project.scons("target=rv1126")


def test_the_same_source_gives_the_same_bytes_in_any_folder(project: Project, tmp_path) -> None:
    other = Project(tmp_path / "somewhere" / "else")
    hashes = []
    for each in (project, other):
        each.add("hello")
        each.scons()
        hashes.append(hashlib.sha256(each.stage("hello").read_bytes()).hexdigest())
    assert hashes[0] == hashes[1]


def test_tree_shows_the_dependencies(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["base"]')
    output = project.scons("-n", "--tree=all")
    assert "base-1.0.tar.zst" in output
    assert "plan of user" in output


def test_an_edit_that_no_longer_matches_fails(project: Project) -> None:
    edit = "steps=[__import__('crosspython.recipes.plan', fromlist=['Edit']).Edit('Makefile', 'gone', 'x', 2)]"
    project.add("hello", options=edit)
    output = project.scons(code=2)
    assert "expected: 2 matches of 'gone'" in output
    assert "found:    0" in output


def test_fetch_then_offline_builds(project: Project) -> None:
    project.add("hello")
    project.scons("fetch")
    (project.mirror / "hello-1.0.tar.gz").unlink()
    shutil.rmtree(project.folder / "home")
    (project.folder / "home").mkdir()
    project.scons("offline=1")
    assert project.stage("hello").is_file()


HEARS_OF_THE_BOARD = """
set -e
test "$(gcc -dumpmachine)" = "$($CC -dumpmachine)"
test "$(ld --version | head -1)" = "$($LD --version | head -1)"
echo 'int main(void) { return 0; }' > helper.c
$CC_FOR_BUILD helper.c -o helper && ./helper
HOSTCC=gcc CROSSPYTHON_BARE_NAMES=build sh -c 'gcc helper.c -o helper && ./helper'
test "$(echo $(pkg-config --cflags probe))" = -I/board/include
if sdk-config --libs; then exit 1; fi
"""


def test_a_component_hears_of_the_board_by_bare_names(project: Project) -> None:
    """With an SDK's folder first on PATH, whose pkg-config has a sysroot of its own."""
    sdk = project.folder / "sdk"
    sdk.mkdir()
    real = shutil.which("pkg-config")
    for name, line in {"pkg-config": f"PKG_CONFIG_SYSROOT_DIR=/sdk exec {real}", "sdk-config": "echo -L/sdk"}.items():
        (sdk / name).write_text(f'#!/bin/sh\n{line} "$@"\n')
        (sdk / name).chmod(0o755)
    probe = "\nmkdir pc && printf 'Name: p\\nDescription: p\\nVersion: 1\\nCflags: -I/board/include\\n' > pc/probe.pc\n"
    head, rest = CONFIGURE.split("\n", 1)
    checks = f"{probe}export PKG_CONFIG_LIBDIR=$PWD/pc{HEARS_OF_THE_BOARD}"
    project.add("foo", configure=f"{head}{checks}{rest}")
    project.scons(path=f"{sdk}:{os.environ['PATH']}")
    assert "crosspython: sdk-config: this is the build machine's" in project.log("foo").read_text()


def test_the_texts_of_a_licence_lie_in_the_stage_by_the_components_name(project: Project) -> None:
    project.add("hello", options='license="MIT", license_files=["code.c"]')
    project.scons()
    unpack_tree(project.stage("hello"), project.folder / "look")
    assert (project.folder / "look/share/licenses/hello/code.c").read_text() == "int f(void){return 1;}\n"


def test_a_licence_whose_text_is_not_there_stops_the_build(project: Project) -> None:
    project.add("hello", options='license="MIT", license_files=["COPYING"]')
    output = project.scons(code=2)
    assert "hello 1.0: no file of its source matches 'COPYING', a licence text" in output


def test_the_libc_that_is_asked_for_is_built_for_and_told(project: Project) -> None:
    project.add("hello")
    with (project.folder / "SConstruct").open("a") as file:
        file.write('env.Alias("report", env.Report())\n')
    project.scons("libc=glibc 2.28")
    assert "\nglibc 2.28\n" in (project.folder / "build/rv1126/toolchain.txt").read_text()
    project.scons("libc=glibc 2.28", "report")
    assert "for boards with glibc 2.28 or a newer one" in (project.folder / "build/rv1126/report.html").read_text()
    assert "building hello 1.0" in project.scons("libc=board")
