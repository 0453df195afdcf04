"""Each bad input: a clear message or plain success, never a traceback, nothing half-built taken for whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONFIGURE, RECIPE, TOOLS, Project, pack, send, wait_for

SLOW_CONFIGURE = "#!/bin/sh\ntouch started\nsleep 60 & sleep 60\n"


def alive(marker: str) -> list[str]:
    """Command lines of processes whose environment or folder names the marker."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if marker in os.readlink(process / "cwd"):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found


def path_without(tool: str, folder: Path) -> str:
    """A PATH of one new folder with every program of this machine but one."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).glob("*") if Path(place).is_dir() else ():
            if program.name != tool and not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    return str(folder)


def test_an_unknown_target_gets_a_suggestion(project: Project) -> None:
    project.add("hello")
    assert "did you mean target=rv1126?" in project.scons("target=rv1125", code=2)


def test_an_unknown_variable_gets_a_suggestion(project: Project) -> None:
    project.add("hello")
    output = project.scons("targt=rv1126", code=2)
    assert "unknown variable: targt" in output
    assert "did you mean target=?" in output


def test_an_unknown_python_names_what_there_is(project: Project) -> None:
    project.add("hello")
    assert "3.13" in project.scons("python=3.31", code=2)


def test_a_value_that_is_not_allowed_names_the_allowed_ones(project: Project) -> None:
    project.add("hello")
    assert "0 or 1 or pyc" in project.scons("slim=very", code=2)


def test_a_malformed_target_file_names_the_line(project: Project) -> None:
    project.add("hello")
    (project.folder / "mine.toml").write_text('machine = "armv7l"\ntriplet = \n')
    assert "line 2" in project.scons("target=./mine.toml", code=2)


def test_a_target_file_with_mistakes_names_all_of_them(project: Project) -> None:
    project.add("hello")
    (project.folder / "mine.toml").write_text('machin = "armv7l"\ncflags = 3\n')
    output = project.scons("target=./mine.toml", code=2)
    assert "machin: no such key; did you mean machine?" in output
    assert "triplet: missing" in output
    assert "cflags: expected a list of strings" in output


def test_a_users_target_file_builds(project: Project) -> None:
    project.add("hello")
    (project.folder / "boards").mkdir()
    (project.folder / "boards" / "mine.toml").write_text('extends = "rv1126"\nprefix = "/srv/python"\n')
    project.scons("target=./boards/mine.toml")
    assert project.stage("hello", "mine").is_file()


def test_a_dependency_misspelt_gets_a_suggestion(project: Project) -> None:
    project.add("base")
    project.add("user", options='depends=["bsae"]')
    assert "did you mean 'base'?" in project.scons(code=2)


def test_two_components_of_one_name_are_refused(project: Project) -> None:
    """So no component can depend on itself by way of others: each depends on earlier ones."""
    project.add("base")
    project.add("user", options='depends=["base"]')
    project.add("again", options='depends=["user"]')
    recipe = project.recipes / "again/SConscript"
    recipe.write_text(recipe.read_text().replace("'again', \"1.0\"", "'base', \"2.0\""))
    output = project.scons("-n", code=2)
    assert "base: two components have this name" in output
    assert f"base 1.0, declared in {project.recipes / 'base'} and base 2.0" in output
    assert f'File "{recipe}", line 2' in output


def test_an_option_misspelt_gets_a_suggestion(project: Project) -> None:
    project.add("hello", options='configur=["--x"]')
    assert "did you mean configure?" in project.scons(code=2)


def test_a_file_that_a_recipe_names_and_does_not_have_is_told(project: Project) -> None:
    project.add("hello", options='configure=["--with-answers={recipe}/answers"]')
    output = project.scons(code=2)
    assert "a file that the recipe names cannot be read" in output
    assert "recipes/hello/answers" in output


def test_a_toolchain_of_another_machine_is_refused(project: Project) -> None:
    project.add("hello")
    output = project.scons("toolchain=/usr/bin/aarch64-linux-gnu-gcc", code=2)
    assert "EM_AARCH64" in output
    assert "EM_ARM" in output
    assert not project.stage("hello").exists()


def test_a_soft_float_toolchain_is_refused(project: Project) -> None:
    project.add("hello")
    sdk = project.folder / "sdk" / "bin"
    sdk.mkdir(parents=True)
    prefix = "/usr/bin/arm-linux-gnueabihf-"
    for tool in ("g++", "ar", "ranlib", "strip", "objcopy", "readelf"):
        (sdk / f"arm-linux-gnueabihf-{tool}").symlink_to(prefix + tool)
    (sdk / "gnu").mkdir()
    (sdk / "gnu" / "stubs-soft.h").touch()
    compiler = sdk / "arm-linux-gnueabihf-gcc"
    compiler.write_text(f"""#!/bin/sh
case $* in *-dumpmachine*) exec echo arm-linux-gnueabi ;; esac
for argument; do
    shift
    case $argument in -mfloat-abi=*) ;; *) set -- "$@" "$argument" ;; esac
done
exec {prefix}gcc -I{sdk} "$@" -mfloat-abi=soft -nostdlib -Wl,--unresolved-symbols=ignore-all
""")
    compiler.chmod(0o755)
    output = project.scons(f"toolchain={project.folder / 'sdk'}", code=2)
    assert "expected: hard-float" in output
    assert "found:    soft-float" in output


def test_a_build_python_that_is_none_is_refused_before_anything_is_built(project: Project) -> None:
    project.add("hello", options='configure=["--with-build-python={build_python}"]')
    output = project.scons("build_python=/bin/false", code=2)
    assert "build_python=/bin/false is not a Python that runs here" in output
    assert "expected: CPython 3.13" in output
    assert "building hello" not in output


def test_a_build_python_of_another_series_is_refused(project: Project) -> None:
    project.add("hello", options='configure=["--with-build-python={build_python}"]')
    output = project.scons(f"build_python={sys.executable}", "python=3.9", code=2)
    assert f"build_python={sys.executable} cannot build Python 3.9." in output
    assert "found:    CPython 3" in output


def test_no_toolchain_at_all_tells_three_ways(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    bare = tmp_path / "bare"
    bare.mkdir()
    output = project.scons(path=str(bare), code=2)
    assert "three ways" in output
    assert "g++-arm-linux-gnueabihf" in output
    assert "toolchain=" in output


@pytest.mark.parametrize(("tool", "package"), [("make", "make"), ("perl", "perl")])
def test_a_missing_tool_names_its_package(project: Project, tmp_path: Path, tool: str, package: str) -> None:
    project.add("hello", options='tools=["perl"]')
    output = project.scons(path=path_without(tool, tmp_path / "tools"), code=2)
    assert f"lacks programs: {tool}" in output
    assert f"install -y {package}" in output


def test_a_missing_autoreconf_names_its_package(project: Project, tmp_path: Path) -> None:
    project.add("bare")
    assert (project.mirror / "bare-1.0.tar.gz").is_file()
    data = pack("bare-1.0", {"configure.ac": "AC_INIT\n"})
    (project.mirror / "bare-1.0.tar.gz").write_bytes(data)
    recipe = RECIPE.format(name="bare", sha256=hashlib.sha256(data).hexdigest(), options="")
    (project.recipes / "bare" / "SConscript").write_text(recipe)
    output = project.scons(path=path_without("autoreconf", tmp_path / "tools"), code=2)
    assert "lacks programs: autoreconf" in output
    assert "autoconf" in output


def test_wrong_bytes_name_both_hashes_and_are_kept_aside(project: Project) -> None:
    project.add("hello")
    (project.mirror / "hello-1.0.tar.gz").write_bytes(b"something else")
    output = project.scons(code=2)
    assert "SHA-256" in output
    assert list((project.folder / "downloads" / "rejected").iterdir())
    assert not project.stage("hello").exists()


def test_offline_lists_everything_that_is_missing(project: Project) -> None:
    project.add("hello")
    project.add("world")
    for archive in project.mirror.iterdir():
        archive.unlink()
    output = project.scons("offline=1", code=2)
    assert "hello-1.0.tar.gz" in output
    assert "world-1.0.tar.gz" in output


@pytest.mark.parametrize("name", ["with a space", "nön-ascii"])
def test_a_build_folder_that_make_cannot_bear_works(project: Project, name: str) -> None:
    project.add("hello")
    project.scons(f"build={project.folder / name}")
    assert (project.folder / name / "rv1126" / "stages" / "hello-1.0.tar.zst").is_file()


@pytest.fixture
def temporary(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the project's runs make temporary files."""
    folder = project.folder / "tmp"
    folder.mkdir()
    monkeypatch.setattr(Project, "environment", {**project.environment, "TMPDIR": str(folder)})
    return folder


def test_work_outside_of_the_build_folder_has_one_place_for_all_runs(project: Project, temporary: Path) -> None:
    project.add("hello")
    build = f"build={project.folder / 'with a space'}"
    project.scons(build)
    (place,) = temporary.iterdir()
    shutil.rmtree(project.folder / "with a space")
    project.scons(build)
    assert list(temporary.iterdir()) == [place]
    place.rmdir()
    place.symlink_to(project.folder)
    shutil.rmtree(project.folder / "with a space")
    assert "the folder for temporary files is not this user's own" in project.scons(build, code=2)


def test_the_next_run_removes_what_a_killed_one_left(project: Project, temporary: Path) -> None:
    project.add("hello", configure=SLOW_CONFIGURE)
    process = project.start()
    wait_for((project.folder / "build/rv1126/work/hello-1.0/source/started").exists)
    send(process, signal.SIGKILL)
    assert len([*(project.folder / "build").glob("crosspython-*/jobs")]) == 1
    wait_for(lambda: not alive(str(project.folder)), 5)
    project.add("hello")
    project.scons()
    assert [*(project.folder / "build").glob("crosspython-*"), *temporary.iterdir()] == []


def test_the_next_run_removes_temporary_files_of_a_killed_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add("hello")
    slow, started = project.folder / "slow/unshare", project.folder / "started"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\ntouch {started}\nexec sleep 3\n")
    slow.chmod(0o755)
    with monkeypatch.context() as changed:
        path = f"{slow.parent}:{project.environment['PATH']}"
        changed.setattr(Project, "environment", {**project.environment, "PATH": path})
        process = project.start()
        wait_for(started.exists)
        send(process, signal.SIGKILL)
    left = project.folder / "build/tmp"
    assert len([*left.iterdir()]) == 1
    project.scons()
    assert not left.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_everything_at_once(project: Project, number: signal.Signals) -> None:
    project.add("hello", configure=SLOW_CONFIGURE)
    process = project.start()
    wait_for((project.folder / "build/rv1126/work/hello-1.0/source/started").exists)
    seconds = send(process, number)
    output = process.stdout.read() if process.stdout else ""
    assert seconds < 2
    assert process.returncode != 0
    assert "Traceback" not in output, output
    wait_for(lambda: not alive(str(project.folder)), 2)


def test_an_interrupt_stops_a_check_at_once(project: Project) -> None:
    (project.folder / "SConstruct").write_text(f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(TOOLS)!r})
from crosspython.checks.result import run_kept
from crosspython.run.signals import watch_signals
watch_signals()
folder = Path("check").absolute()
folder.mkdir()
def check(target, source, env):
    run_kept(["sh", "-c", "touch started; sleep 60"], folder, os.environ["PATH"], 50.0)
Environment(tools=[]).Command("checked", [], check)
""")
    process = subprocess.Popen(
        [sys.executable, "-m", "SCons", "-Q"],
        cwd=project.folder,
        env=project.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for((project.folder / "check" / "started").exists)
    seconds = send(process, signal.SIGINT)
    assert seconds < 2
    assert process.returncode != 0
    wait_for(lambda: not alive(str(project.folder)), 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_run_after_an_interrupt_goes_on(project: Project, number: signal.Signals) -> None:
    project.add("first")
    project.add("hello", options='depends=["first"]', configure=SLOW_CONFIGURE)
    process = project.start()
    wait_for((project.folder / "build/rv1126/work/hello-1.0/source/started").exists)
    send(process, number)
    wait_for(lambda: not alive(str(project.folder)), 5)
    assert not project.stage("hello").exists()
    project.add("hello", options='depends=["first"]', configure=CONFIGURE)
    output = project.scons()
    # SCons notes what it built when it ends; after a kill -9 it cannot, and finds that in the artifact cache.
    assert "building first" not in output
    assert project.stage("hello").is_file()


def test_two_runs_in_one_folder_the_second_is_told(project: Project) -> None:
    project.add("hello", configure=SLOW_CONFIGURE)
    process = project.start()
    wait_for((project.folder / "build/rv1126/work/hello-1.0/source/started").exists)
    output = project.scons(code=2)
    send(process, signal.SIGINT)
    assert "another run is using" in output
    assert str(process.pid) in output


def test_a_full_disk_is_told(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    # A file system of its own, in a mount namespace of its own: it goes with the process.
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$0" && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", script, str(small), *project.command(f"build={small}")]
    run = subprocess.run(
        command, cwd=project.folder, env=project.environment, capture_output=True, text=True, timeout=60, check=False
    )
    output = run.stdout + run.stderr
    assert run.returncode != 0
    assert "No space left on device" in output or "disk is full" in output, output
    assert "Traceback" not in output


def test_an_unknown_name_gets_a_suggestion(project: Project) -> None:
    project.add("hello")
    construct = project.folder / "SConstruct"
    goals = (
        "from crosspython.builders.front_door import check_goals\ncheck_goals(env, COMMAND_LINE_TARGETS, ARGUMENTS)\n"
    )
    construct.write_text(construct.read_text() + goals)
    output = project.scons("fetsh", code=2)
    assert "unknown name: fetsh" in output
    assert "did you mean fetch?" in output


@pytest.mark.parametrize("jobs", ["0", "-1"])
def test_no_jobs_at_all_are_refused(project: Project, jobs: str) -> None:
    project.add("hello")
    output = project.scons(f"-j{jobs}", code=2)
    assert "-j1 or more" in output or "number" in output


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_build_folder_is_refused(project: Project, text: str) -> None:
    project.add("hello")
    output = project.scons(f"build={text}", code=2)
    assert "build=: is empty" in output
    assert not (project.folder / "rv1126").exists()


def test_an_address_is_no_toolchain(project: Project) -> None:
    project.add("hello")
    output = project.scons("toolchain=https://me:secret@vendor.invalid/sdk.tar.xz", code=2)
    assert "an address, and not a file of this machine" in output
    assert "secret" not in output


def test_a_source_at_an_address_that_nobody_answers_names_all_places(project: Project) -> None:
    project.add("hello")
    (project.mirror / "hello-1.0.tar.gz").unlink()
    output = project.scons("mirror=http://127.0.0.1:9/sources", code=2)
    assert "hello 1.0: its source could not be fetched" in output
    assert "http://127.0.0.1:9/sources" in output and "refused" in output
    assert "https://upstream.invalid/hello-1.0.tar.gz" in output
    assert "mirror=" in output
