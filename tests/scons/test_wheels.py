"""`scons wheels` as an SCons user expects it, with tiny ready wheels from a folder: one node each, a lock, a table."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from packaging.pylock import Pylock
from uv import find_uv_bin

from tests.conftest import Project, pack
from tests.unit.made_elf import make_elf
from tests.unit.made_packages import add_sdist, add_wheel, sha256
from tests.unit.made_repository import commit, project

DECLARED = """\
if "wheels" in COMMAND_LINE_TARGETS or "fetch" in COMMAND_LINE_TARGETS or "nothing" in COMMAND_LINE_TARGETS:
    env.Alias("wheels", env.Wheels())
env.Alias("fetch", env.FetchSources())
for goal in ("Lock", "Outdated", "Tree", "Why"):
    env.Alias(goal.lower(), getattr(env, goal)())
if "wheels" in COMMAND_LINE_TARGETS:
    from crosspython.builders.documents import tell_wheels
    tell_wheels(env["CROSSPYTHON"])
"""
NATIVE = "cp313-cp313-manylinux_2_17_armv7l"


class Wheels(Project):
    """A project that has wheels alone, and a folder in which pip is told to look for packages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.declare(DECLARED)
        self.links = folder / "links"
        self.links.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.links)}

    @property
    def house(self) -> Path:
        return self.folder / "build" / "rv1126" / "wheels"

    @property
    def lock(self) -> Path:
        return self.folder / "build" / "rv1126" / "pylock.toml"

    def make(self, *arguments: str, code: int | None = 0) -> str:
        return self.scons("wheels", *arguments, code=code)

    def declare_components(self) -> None:
        """The sources of wheels that are built; the goal `nothing` then makes the lock and nothing else."""
        script = self.folder / "SConstruct"
        declared = 'open_build(env)\nenv.Components()\nenv.Alias("nothing", [])'
        script.write_text(script.read_text().replace("open_build(env)", declared))

    def filenames(self) -> set[str]:
        return {path.name for path in self.house.glob("*.whl")}


@pytest.fixture
def wheels(tmp_path: Path) -> Wheels:
    project = Wheels(tmp_path / "project")
    add_wheel(project.links, "top", needs=["below"])
    add_wheel(project.links, "below", "1.5")
    return project


def test_a_wheelhouse_has_what_was_asked_for_and_all_it_needs(wheels: Wheels) -> None:
    output = wheels.make("pkgs=top")
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    assert (wheels.house / "simple" / "below" / "index.html").is_file()
    assert "2 of 2 wheels made now" in output
    assert "pip install --no-index --find-links wheels top" in output
    assert "  for boards with glibc 2.28 or a newer one\n" in output
    report = json.loads((wheels.house / "report-3.13.json").read_text())
    assert [wheel["engine"] for wheel in report["wheels"]] == ["ready", "ready"]


def test_a_local_wheel_that_a_marker_leaves_out_is_no_difference(wheels: Wheels) -> None:
    wheel = add_wheel(wheels.folder, "mine")
    wheels.make(f"pkgs=top, mine @ {wheel} ; python_version < '3'")
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}


@pytest.mark.parametrize("form", ["absent", "file://{}/absent"])
def test_a_folder_of_packages_that_is_not_there_is_told(wheels: Wheels, form: str) -> None:
    place = form.format(wheels.folder)
    (wheels.folder / "req.txt").write_text(f"--find-links {place}\nnowhere\n")
    output = wheels.make("pkgs=@req.txt", code=2)
    assert f"find-links: there is no {wheels.folder}/absent" in output
    assert "no such package: nowhere" in output


def test_a_wheelhouse_of_no_wheels_is_made_as_well(wheels: Wheels) -> None:
    output = wheels.make("pkgs=top; python_version < '3'")
    assert "top is left out, because its marker is false" in output
    assert json.loads((wheels.house / "report-3.13.json").read_text())["wheels"] == []


def test_what_a_marker_leaves_out_is_told(wheels: Wheels) -> None:
    output = wheels.make("pkgs=Top, below; python_version < '3'")
    assert "warning: pkgs=: below is left out, because its marker is false for rv1126" not in output  # Top needs it
    output = wheels.make("pkgs=Below, top; python_version < '3'")
    assert "warning: pkgs=: top is left out, because its marker is false for rv1126" in output
    assert output.rstrip().endswith("--find-links wheels Below")
    output = wheels.make("pkgs=top; python_version < '3'")
    assert "0 wheels, 0.0 MB" in output
    assert "pip install" not in output


def test_a_second_run_reads_the_lock_and_does_nothing(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    add_wheel(wheels.links, "below", "1.6")
    output = wheels.make("pkgs=top")
    assert "is up to date" in output
    assert "resolving" not in output
    wheels.scons("-q", "wheels", "pkgs=top")


def test_another_request_makes_another_lock_and_takes_out_what_is_stale(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    assert "resolving" in wheels.make("pkgs=below")
    assert wheels.filenames() == {"below-1.5-py3-none-any.whl"}
    assert not (wheels.house / "simple" / "top").exists()


def test_wheels_of_another_python_stay(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    add_wheel(wheels.links, "below", "1.6")
    wheels.make("pkgs=below", "python=3.11")
    assert {"below-1.5-py3-none-any.whl", "below-1.6-py3-none-any.whl"} < wheels.filenames()
    assert "is up to date" in wheels.make("pkgs=top")


def test_the_libc_of_the_board_decides_which_ready_wheel_is_taken(wheels: Wheels) -> None:
    wheels.folder.joinpath("mine.toml").write_text('extends = "rv1126"\nlibc = "board"\nlibc_baseline = "glibc 2.28"\n')
    add_wheel(wheels.links, "native", tag="cp313-cp313-manylinux_2_17_armv7l")
    add_wheel(wheels.links, "native", tag="cp313-cp313-manylinux_2_29_armv7l")
    arguments = ("pkgs=native", "target=./mine.toml")
    wheels.make(*arguments, code=None)  # there is a lock now, and no compiler with so old a libc here
    output = wheels.make("-n", *arguments)
    assert "taking native-1.0-cp313-cp313-manylinux_2_17_armv7l.whl" in output


@pytest.mark.parametrize("option", ["-n", "-q", "-h", "-c"])
def test_what_only_looks_resolves_and_writes_nothing(wheels: Wheels, option: str) -> None:
    wheels.make("pkgs=top", option, code=1 if option == "-q" else 0)
    assert not wheels.lock.exists()
    assert not wheels.house.exists()


def test_a_dry_run_with_a_lock_tells_what_would_be_done(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    wheels.scons("-c", "wheels", "pkgs=top", f"lock={wheels.lock}")
    assert "taking top-1.0-py3-none-any.whl" in wheels.make("-n", f"lock={wheels.lock}")
    assert not wheels.house.exists()


def test_clean_takes_wheels_wheelhouse_and_lock_and_leaves_the_rest(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    wheels.make("pkgs=below")
    wheels.scons("-c", "wheels")
    left = [path.name for path in (wheels.folder / "build" / "rv1126").rglob("*") if path.is_file()]
    assert "toolchain.txt" in left
    assert not [name for name in left if name.endswith((".whl", "pylock.toml")) or name.startswith("report")]


def spoil(path: Path) -> None:
    """Other bytes of the same number at the same time."""
    before, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "name",
    [
        "wheels/top-1.0-py3-none-any.whl",
        "wheels/top-1.0-py3-none-any.whl.metadata",
        "wheels/simple/index.html",
        "wheels/simple/top/index.json",
        "wheels/report-3.13.json",
        "stages/wheels/top-1.0-cp313.whl",
        "stages/wheels/top-1.0-cp313.json",
    ],
)
def test_what_somebody_changed_is_made_again(wheels: Wheels, name: str) -> None:
    wheels.make("pkgs=top")
    path = wheels.house.parent / name
    good = path.read_bytes()
    for change in (spoil, Path.unlink):
        change(path)
        wheels.make("pkgs=top")
        assert path.read_bytes() == good
    assert "is up to date" in wheels.make("pkgs=top")


def test_a_page_that_somebody_put_into_the_index_goes(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    page = wheels.house / "simple/other/index.html"
    page.parent.mkdir()
    page.touch()
    wheels.make("pkgs=top")
    assert not page.exists()


def test_a_wheel_that_somebody_put_there_is_told_and_not_indexed(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    stray = add_wheel(wheels.house, "stray")
    assert f"{stray}: this build did not make it" in wheels.make("pkgs=top")
    assert f"{stray}: this build did not make it" in wheels.make("pkgs=below")
    assert not (wheels.house / "simple/stray").exists()


def test_a_lock_that_somebody_changed_in_the_build_folder_is_made_again(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    good = wheels.lock.read_text()
    wheels.lock.write_text(good.replace('"1.5"', '"1.4"'))
    assert "resolving" in wheels.make("pkgs=top")
    assert wheels.lock.read_text() == good


def test_a_failure_leaves_other_wheels_unharmed_and_stands_in_the_table(wheels: Wheels) -> None:
    add_wheel(wheels.links, "broken", tag=NATIVE, files={"broken/_x.cpython-313-arm-linux-gnueabihf.so": b"\x7fELF"})
    output = wheels.make("-k", "pkgs=broken top", code=2)
    assert "1 failed" in output
    assert "broken 1.0" in output.partition("1 failed")[2]
    assert "FAILED" in output
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    output = wheels.make("-k", "pkgs=broken top", code=2)
    assert "unchanged" in output


def test_wheels_that_need_what_is_not_locked_are_all_told_also_beside_other_failures(wheels: Wheels) -> None:
    """Who edited the lock has left out what they need."""
    add_wheel(wheels.links, "second", needs=["below>=1", "other"])
    add_wheel(wheels.links, "other")
    broken = {"broken/_x.cpython-313-arm-linux-gnueabihf.so": b"\x7fELF"}
    add_wheel(wheels.links, "broken", tag=NATIVE, files=broken, needs=["other"])
    wheels.make("-k", "pkgs=top second broken", "lock=mine.toml", code=2)
    mine = wheels.folder / "mine.toml"
    head, *packages = mine.read_text().split("[[packages]]")
    kept = [text for text in packages if 'name = "below"' not in text.partition("[")[0]]
    mine.write_text("[[packages]]".join([head, *kept]))
    output = wheels.make("-k", "lock=mine.toml", code=2)
    assert "1 failed" in output
    for difference in (
        "top needs below, and there is no wheel of it",
        "second needs below>=1, and there is no wheel of it",
    ):
        assert output.count(difference) == 1
    assert "other, and there is no wheel" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("form", "told"), [("bad", "bad 1.0 in the index are damaged"), ("./bad-1.0-py3-none-any.whl", "is damaged")]
)
def test_others_go_on_where_a_damaged_file_stops_the_resolution(wheels: Wheels, form: str, told: str) -> None:
    bad = add_wheel(wheels.folder if "/" in form else wheels.links, "bad")
    good = bad.read_bytes()
    bad.write_bytes(good[:200])
    assert told in wheels.make(f"pkgs=top {form}", code=2)
    assert wheels.filenames() == set()
    for _ in range(2):
        output = wheels.make("-k", f"pkgs=top {form}", code=2)
        assert "the other packages are built (-k)" in output
        assert output.count(told) == 2
        assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    assert json.loads((wheels.house / "report-3.13.json").read_text())["missing"] == ["bad"]
    bad.write_bytes(good)
    wheels.make("-k", f"pkgs=top {form}")
    assert bad.name in wheels.filenames()


def test_others_go_on_where_a_damaged_sdist_would_have_to_be_built(wheels: Wheels) -> None:
    """Its wheels for other machines tell the resolution all that it asks."""
    add_wheel(wheels.links, "bad", tag="cp313-cp313-manylinux_2_17_x86_64")
    sdist = add_sdist(wheels.links, "bad")
    sdist.write_bytes(sdist.read_bytes()[:100])
    output = wheels.make("-k", "pkgs=top bad", code=2)
    assert "is damaged" in output
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}


def test_a_file_whose_hash_differs_from_the_lock_is_refused(wheels: Wheels) -> None:
    wheels.make("pkgs=below")
    wheels.scons("-c", "wheels", f"lock={wheels.lock}")
    for path in (wheels.folder / "downloads").rglob("below*"):
        path.unlink()
    (wheels.links / "below-1.5-py3-none-any.whl").write_bytes(b"other bytes")
    output = wheels.make("pkgs=below", code=2)
    assert output.count("SHA-256") >= 2
    assert "kept as" in output


def test_a_lock_of_the_users_is_written_where_it_is_missing_and_read_ever_after(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=mine/pylock.toml")
    committed = wheels.folder / "mine" / "pylock.toml"
    assert committed.is_file()
    assert not wheels.lock.exists()
    assert "is up to date" in wheels.make("lock=mine/pylock.toml")
    output = wheels.make("pkgs=below", "lock=mine/pylock.toml", code=2)
    assert "was made for another request" in output
    assert "packages: the lock is for ['top'], this run for ['below']" in output
    assert "is gone" not in wheels.make("pkgs=below")


def test_a_lock_for_another_board_is_refused(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=pylock.toml")
    assert "machine: the lock is for armv7l, this run for aarch64" in wheels.make(
        "lock=pylock.toml", "target=rk3568", code=2
    )


def test_a_lock_that_is_missing_cannot_be_made_of_nothing(wheels: Wheels) -> None:
    assert "there is no such file" in wheels.make("lock=absent.toml", code=2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "pkgs= names no package"),
        (("pkgs=nunpy",), "did you mean numpy?"),
        (("pkgs=top==7",), "top==7"),
        (("pkgs=@absent.txt",), "cannot be read"),
        (("pkgs=top", "binary=some"), "auto, never or only"),
    ],
)
def test_bad_input_is_told_before_anything_is_built(wheels: Wheels, arguments: tuple[str, ...], says: str) -> None:
    assert says in wheels.make(*arguments, code=2)
    assert not wheels.house.exists()


def test_a_lock_as_it_stands_is_narrowed_by_nothing(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=pylock.toml")
    (wheels.folder / "limits.txt").write_text("below<1\n")
    assert "has no effect" in wheels.make("lock=pylock.toml", "constraints=limits.txt", code=2)


def test_overrides_in_a_folder_that_is_not_there_are_told(wheels: Wheels) -> None:
    assert "there is no such folder" in wheels.make("pkgs=top", "overrides=absent", code=2)


def test_a_folder_of_a_packages_name_is_remarked(wheels: Wheels) -> None:
    (wheels.folder / "top").mkdir()
    (wheels.folder / "top" / "setup.py").touch()
    assert "warning: top means the package of the index; for the folder here, write ./top" in wheels.make("pkgs=top")


def test_a_single_package_goes_another_way(wheels: Wheels) -> None:
    add_wheel(wheels.links, "native", tag=NATIVE)
    add_sdist(wheels.links, "native")
    output = wheels.make("pkgs=native", "binary=never,native=auto")
    assert f"taking native-1.0-{NATIVE}.whl" in output
    assert "no component is called 'cpython'" in wheels.make("pkgs=native", "binary=native=never", code=2)


COUNTS = """\
from crosspython.wheels.repairing import repair
judge = repair.judge_ready
def judge_and_tell(wheel, name, facts):
    print(f"judging {name}")
    return judge(wheel, name, facts)
repair.judge_ready = judge_and_tell
open_build(env)
"""


def test_a_ready_wheel_is_judged_once(wheels: Wheels) -> None:
    script = wheels.folder / "SConstruct"
    script.write_text(script.read_text().replace("open_build(env)\n", COUNTS))
    add_wheel(wheels.links, "native", tag=NATIVE)
    add_sdist(wheels.links, "native")
    assert wheels.make("pkgs=native top").count("judging native-1.0") == 1
    assert "judging" not in wheels.make("pkgs=native top")
    (wheels.house.parent / "stages/wheels/native-1.0-cp313.whl").unlink()
    assert wheels.make("pkgs=native top").count("judging native-1.0") == 1


def test_a_ready_wheel_that_the_audit_refuses_is_built_instead(wheels: Wheels) -> None:
    """As piwheels' numpy, which needs a library that the board does not have."""
    speed = make_elf(needed=["libopenblas.so.0"], tail=b"\0PyInit__speed\0")
    add_wheel(wheels.links, "native", tag=NATIVE, files={"native/_speed.cpython-313-arm-linux-gnueabihf.so": speed})
    add_sdist(wheels.links, "native", build_requires=[])
    wheels.make("pkgs=below")  # the toolchain is known now
    output = wheels.make("pkgs=native", code=2)
    assert "warning: native 1.0 is built from source, because " in output
    assert f"native-1.0-{NATIVE}.whl would not work: native/_speed" in output
    assert "libopenblas.so.0" in output
    assert "no component is called 'cpython'" in output  # which it is built with
    assert "no component is called 'cpython'" in wheels.make("-n", "pkgs=native", code=2)  # that is remembered
    assert "would not work on the board" in wheels.make("pkgs=native", "binary=native=only", code=2)


def test_a_name_that_binary_has_and_no_package_is_told(wheels: Wheels) -> None:
    assert "binary=: bellow: no package of this run has this name; did you mean below?" in wheels.make(
        "pkgs=top", "binary=bellow=never"
    )


def test_no_fitting_wheel_under_only_names_the_package(wheels: Wheels) -> None:
    add_sdist(wheels.links, "raw")
    output = wheels.make("pkgs=top raw", "binary=only", code=2)
    assert "raw 1.0: no wheel fits" in output


def test_a_commit_of_a_repository_is_locked_and_fetched(wheels: Wheels) -> None:
    """Fetched by its hash: a branch that goes on, or goes away, changes nothing."""
    wheels.declare_components()
    origin = wheels.folder / "origin"
    first = commit(origin, {"pyproject.toml": project("app", "1.5", '"below"')})
    commit(origin, {"pyproject.toml": project("app", "2.0")})
    wheels.scons("nothing", f"pkgs=app @ git+{origin.as_uri()}@{first}")
    packages = {entry["name"]: entry for entry in tomllib.loads(wheels.lock.read_text())["packages"]}
    assert packages["app"]["vcs"] == {"type": "git", "url": origin.as_uri(), "commit-id": first}
    assert (packages["app"]["version"], packages.keys()) == ("1.5", {"app", "below"})
    origin.rename(wheels.folder / "gone")
    assert "resolving app" not in wheels.scons("nothing", f"pkgs=app @ git+{origin.as_uri()}@{first}", "offline=1")
    output = wheels.scons("nothing", f"pkgs=app @ git+{origin.as_uri()}@{'0' * 40}", code=2)
    assert "Traceback" not in output
    assert "could not be fetched" in output


def test_fetch_brings_the_sources_of_libraries_that_only_a_wheel_needs(wheels: Wheels) -> None:
    wheels.declare_components()
    add_sdist(wheels.links, "raw", build_requires=[])
    (wheels.folder / "raw.toml").write_text('reason = "it reads YAML"\nlibraries = ["libyaml"]\n')
    for package, is_wanted in (("top", False), ("raw", True)):
        output = wheels.scons("fetch", f"pkgs={package}", "overrides=.", "offline=1", code=2)
        assert ("libyaml" in output) is is_wanted
        assert "zlib" in output


def test_fetch_brings_what_a_build_would_download(wheels: Wheels) -> None:
    wheels.declare_components()
    add_sdist(wheels.links, "raw", build_requires=[])
    data = pack("foo-1.0", {"CMakeLists.txt": ""})
    sha256 = hashlib.sha256(data).hexdigest()
    place = f'url = "https://foo.invalid/foo-1.0.tar.gz"\nsha256 = "{sha256}"\ncmake = "foo"\n'
    (wheels.folder / "raw.toml").write_text(f'reason = "it downloads foo"\n[[fetches]]\n{place}')
    fetch = ["fetch", "pkgs=raw", "overrides=.", "offline=1"]
    assert "raw 1.0: foo-1.0.tar.gz" in wheels.scons(*fetch, code=2)
    (wheels.folder / "downloads/foo-1.0.tar.gz").write_bytes(data)
    assert "raw 1.0: foo" not in wheels.scons(*fetch, code=2)


def test_crates_of_the_lock_are_a_fact_of_the_wheel_and_those_that_cannot_be_locked_are_told(wheels: Wheels) -> None:
    wheels.declare_components()
    sdist = add_sdist(wheels.links, "raw", build_requires=["maturin"])
    rust = wheels.folder / "rust"
    rust.mkdir()
    lock, arguments = wheels.folder / "pylock.toml", ("pkgs=raw", f"rust={rust}", "lock=pylock.toml")
    output = wheels.scons("nothing", *arguments)
    assert "raw 1.0: its crates are not locked" in output and "no Rust that compiles for" in output
    assert "crates of raw" not in wheels.scons("-n", "--tree=all", "wheels", *arguments)
    entry = {"package": "raw", "source": sha256(sdist), "rust": "rustc 1.0", "locks": {"Cargo.lock": "version = 4\n"}}
    data = tomllib.loads(lock.read_text())
    data["tool"]["crosspython"]["crates"] = [entry]
    lock.write_text(tomli_w.dumps(data))
    assert "crates of raw" in wheels.scons("-n", "--tree=all", "wheels", *arguments)
    assert "its crates are not locked" not in wheels.scons("nothing", *arguments)


def test_fetch_brings_the_files_for_later_runs_offline_and_in_another_home(wheels: Wheels) -> None:
    wheels.scons("fetch", "pkgs=top")
    for path in wheels.links.iterdir():
        path.unlink()
    shutil.rmtree(wheels.folder / "home")  # a Python's and a user's caches, made toolchains
    (wheels.folder / "home").mkdir()
    assert "2 of 2 wheels made now" in wheels.make("pkgs=top", "offline=1")


def test_what_a_package_loads_when_it_runs_is_told(wheels: Wheels) -> None:
    wheels.declare_components()
    (wheels.folder / "overrides").mkdir()
    (wheels.folder / "overrides/top.toml").write_text('reason = "r"\nloads = ["libpng"]\n')
    output = wheels.make("pkgs=top", "overrides=overrides")
    assert "loads libpng when it runs: a bundle made in the same run contains it" in output
    assert "building libpng" not in output


def test_what_a_library_of_a_wheel_will_lack_is_told_at_once(wheels: Wheels) -> None:
    wheels.declare_components()
    add_sdist(wheels.links, "app", build_requires=[])
    (wheels.folder / "app.toml").write_text('reason = "r"\nlibraries = ["libpq"]\n')
    arguments = ("nothing", "pkgs=app", "binary=never", "overrides=.")
    tools = wheels.folder / "tools"
    tools.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in ("bison", "flex"):
            (tools / program.name).symlink_to(program)
    assert "lacks bison, flex, which the build of libpq needs" in wheels.scons(*arguments, path=str(tools))
    assert "is built with" not in wheels.scons("-c", *arguments, path=str(tools))


def test_two_checkouts_of_a_project_are_not_taken_for_one(wheels: Wheels) -> None:
    wheels.declare_components()
    for checkout in ("stable", "feature"):
        folder = wheels.folder / checkout
        folder.mkdir()
        (folder / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\ndependencies = ["below"]\n')
    wheels.scons("nothing", "pkgs=./stable")
    assert 'path = "../../stable"' in wheels.lock.read_text()
    assert "resolving app" in wheels.scons("nothing", "pkgs=./feature")
    assert 'path = "../../feature"' in wheels.lock.read_text()
    (wheels.folder / "feature/pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "2"\ndependencies = ["below"]\n'
    )
    assert "resolving app" not in wheels.scons("nothing", "pkgs=./feature")


def test_a_neighbour_of_a_project_that_asks_for_more_is_resolved_again(wheels: Wheels) -> None:
    wheels.declare_components()
    for name, text in {
        "app": 'dependencies = ["lib"]\n[tool.uv.sources]\nlib = { path = "../lib" }\n',
        "lib": "dependencies = []\n",
    }.items():
        (wheels.folder / name).mkdir()
        (wheels.folder / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n{text}')
    wheels.scons("nothing", "pkgs=./app")
    assert 'path = "../../lib"' in wheels.lock.read_text()
    assert "resolving app" not in wheels.scons("nothing", "pkgs=./app")
    (wheels.folder / "lib/pyproject.toml").write_text(
        '[project]\nname = "lib"\nversion = "1"\ndependencies = ["below"]\n'
    )
    assert "resolving app" in wheels.scons("nothing", "pkgs=./app")
    assert 'name = "below"' in wheels.lock.read_text()


def test_a_wheel_that_needs_more_than_was_locked_is_told(wheels: Wheels) -> None:
    (wheels.folder / "mine").mkdir()
    override = wheels.folder / "mine/top.toml"
    override.write_text('reason = "r"\ndependencies = []\n')
    output = wheels.make("pkgs=top", "overrides=mine", code=2)
    assert "top needs below, and there is no wheel of it" in output
    assert "correct `dependencies` in the override of top" in output
    assert not wheels.filenames()
    wheels.make("pkgs=top")
    assert len(wheels.filenames()) == 2


def test_a_lock_survives_one_more_name_and_the_other_pins_stay(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=pylock.toml")
    add_wheel(wheels.links, "below", "1.6")
    add_wheel(wheels.links, "more")
    output = wheels.make("pkgs=top more", "lock=pylock.toml")
    assert "more 1.0 is new" in output
    assert "below-1.5-py3-none-any.whl" in wheels.filenames()
    output = wheels.make("lock=pylock.toml", "upgrade=below")
    assert "below 1.5 -> 1.6" in output
    assert wheels.filenames() == {f"{name}-py3-none-any.whl" for name in ("top-1.0", "more-1.0", "below-1.6")}
    assert "is up to date" in wheels.make("lock=pylock.toml")


def test_a_lock_that_needs_another_version_now_gets_it(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=pylock.toml")
    add_wheel(wheels.links, "below", "1.6")
    assert "below 1.5 -> 1.6" in wheels.make("pkgs=top below>=1.6", "lock=pylock.toml")


def test_upgrade_takes_the_newest_of_all(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    add_wheel(wheels.links, "below", "1.6")
    add_wheel(wheels.links, "top", "2.0", needs=["below"])
    output = wheels.make("pkgs=top", "upgrade=all")
    assert "below 1.5 -> 1.6" in output
    assert "top 1.0 -> 2.0" in output
    assert "did you mean upgrade=below?" in wheels.make("pkgs=top", "upgrade=belov", code=2)


def test_a_lock_survives_a_security_release_of_python(wheels: Wheels) -> None:
    wheels.make("pkgs=top", "lock=pylock.toml")
    lock = wheels.folder / "pylock.toml"
    lock.write_text(lock.read_text().replace("3.13.5", "3.13.4"))
    add_wheel(wheels.links, "below", "1.6")
    assert "resolving" not in wheels.make("lock=pylock.toml")
    assert "1.6" not in wheels.make("pkgs=top", "lock=pylock.toml")
    assert "3.13.5" in lock.read_text()
    assert "python: the lock is for 3.13, this run for 3.11" in wheels.make("lock=pylock.toml", "python=3.11", code=2)


def test_what_is_outdated_is_told_and_nothing_changed(wheels: Wheels) -> None:
    assert "there is no lock yet" in wheels.scons("outdated", code=2)
    wheels.make("pkgs=top")
    assert "nothing is outdated" in wheels.scons("outdated")
    add_wheel(wheels.links, "below", "1.6")
    before = wheels.lock.read_text()
    assert "below 1.5 -> 1.6" in wheels.scons("outdated")
    assert "nothing is outdated" in wheels.scons("outdated", "pkgs=top")
    assert wheels.lock.read_text() == before


def test_what_of_the_lock_has_a_fix_is_told(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    package = {"ecosystem": "PyPI", "name": "below"}
    events = [{"introduced": "0"}, {"fixed": "1.6"}]
    affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    (wheels.folder / "db").mkdir()
    record = {"id": "PYSEC-1", "aliases": ["CVE-2031-0001"], "summary": "It leaks.", "affected": affected}
    (wheels.folder / "db/PYSEC-1.json").write_text(json.dumps(record))
    add_wheel(wheels.links, "below", "1.6")
    output = wheels.scons("outdated", "cve_db=db")
    assert "below 1.5 -> 1.6" in output and "below 1.5: PYSEC-1 (CVE-2031-0001) It leaks.; fixed in 1.6" in output
    assert "PYSEC-1" not in wheels.scons("outdated", "cve_db=db", "pkgs=top")
    assert "PYSEC-1" not in wheels.scons("outdated")


def test_why_a_package_is_there_is_told(wheels: Wheels) -> None:
    wheels.make("pkgs=top")
    assert "below 1.5: pkgs= asks for top; top 1.0 needs below" in wheels.scons("why", "pkgs=below")
    assert "pkgs= asks for top" in wheels.scons("why", "pkgs=below>=1")
    assert "did you mean pkgs=below?" in wheels.scons("why", "pkgs=belov", code=2)
    assert "no package is named" in wheels.scons("why", code=2)


def test_a_lock_is_made_alone_and_shown_as_a_tree(wheels: Wheels) -> None:
    add_wheel(wheels.links, "other", needs=["top", "below"])
    assert ": 3 packages" in wheels.scons("lock", "pkgs=other", "lock=pylock.toml")
    assert not wheels.house.exists()
    assert "3 packages, unchanged" in wheels.scons("lock", "lock=pylock.toml")
    shown = wheels.scons("tree", "lock=pylock.toml")
    assert shown.splitlines()[:4] == ["other 1.0", "├─ below 1.5", "└─ top 1.0", "   └─ below 1.5"]
    assert wheels.scons("tree", "pkgs=top", "lock=pylock.toml").splitlines()[0] == "top 1.0"


def test_goals_tell_json_and_nothing_else_on_standard_output(wheels: Wheels) -> None:
    def told(*arguments: str, code: int = 0) -> dict[str, Any]:
        command = [*wheels.command("-s", *arguments, "format=json")]
        run = subprocess.run(command, cwd=wheels.folder, env=wheels.environment, capture_output=True, check=False)
        assert run.returncode == code, run.stderr
        return json.loads(run.stdout)

    locked = told("lock", "pkgs=top")
    assert [(p["name"], p["asked"], p["source"]) for p in locked["packages"]] == [
        ("below", False, "wheel"),
        ("top", True, "wheel"),
    ]
    add_wheel(wheels.links, "below", "1.6")
    assert told("outdated")["packages"] == [{"name": "below", "locked": "1.5", "newest": "1.6"}]
    assert told("why", "pkgs=below")["packages"][0]["way"] == ["top", "below"]
    made = told("wheels", "pkgs=top")
    assert {wheel["filename"] for wheel in made["wheels"]} == wheels.filenames() and not made["failures"]
    add_wheel(wheels.links, "broken", tag=NATIVE, files={"broken/_x.cpython-313-arm-linux-gnueabihf.so": b"\x7fELF"})
    failed = told("wheels", "-k", "pkgs=broken", code=2)
    assert failed["missing"] == ["broken 1.0"] and "broken" in failed["failures"][0]


def test_one_lock_holds_several_boards_and_pythons(wheels: Wheels) -> None:
    for machine in ("armv7l", "aarch64"):
        add_wheel(wheels.links, "native", tag=f"cp313-cp313-manylinux_2_17_{machine}", files={"native.py": ""})
    add_wheel(wheels.links, "only", needs=["below"])
    needs = "pkgs=top, native, only; platform_machine == 'aarch64'"
    wheels.scons("lock", needs, "lock=pylock.toml")
    output = wheels.make(needs, "lock=pylock.toml", "target=rk3568", code=2)  # by mistake, perhaps
    assert "this lock was made for another request" in output
    output = wheels.make(needs, "lock=pylock.toml", "python=3.13t", code=2)  # its wheels are others, its markers not
    assert "python: the lock is for 3.13, this run for 3.13t" in output
    wheels.scons("lock", needs, "lock=pylock.toml", "target=rk3568")
    path = wheels.folder / "pylock.toml"
    lock = Pylock.from_dict(tomllib.loads(path.read_text()))
    assert len(lock.environments or ()) == 2
    assert [(each.name, each.marker is None) for each in lock.packages] == [
        ("below", True),
        ("native", False),
        ("native", False),
        ("only", False),
        ("top", True),
    ]
    add_wheel(wheels.links, "below", "1.6")
    wheels.make("lock=pylock.toml")
    assert wheels.filenames() == {
        "top-1.0-py3-none-any.whl",
        "below-1.5-py3-none-any.whl",
        "native-1.0-cp313-cp313-manylinux_2_17_armv7l.whl",
    }
    assert "only 1.0" in wheels.scons("tree", "lock=pylock.toml", "target=rk3568")
    output = wheels.scons("tree", "lock=pylock.toml", "target=riscv64", code=2)
    assert "this lock was made for other boards" in output and "scons lock lock=pylock.toml pkgs=..." in output
    wheels.scons("lock", "lock=pylock.toml", "upgrade=below")
    assert "below 1.6" in wheels.scons("tree", "lock=pylock.toml")
    assert "below 1.5" in wheels.scons("tree", "lock=pylock.toml", "target=rk3568")


BY_HAND = """\
from crosspython.builders.by_hand import use_lock_as_it_stands
use_lock_as_it_stands(env["CROSSPYTHON"])
made = env.Wheels()
if "shell" in COMMAND_LINE_TARGETS:
    env.Alias("shell", env.Shell())
if "rebuild" in COMMAND_LINE_TARGETS:
    env.Alias("rebuild", env.Rebuild(made))
"""


def test_a_package_of_the_lock_is_built_once_more_and_no_other(wheels: Wheels) -> None:
    for name in ("one", "two"):
        add_sdist(wheels.links, name, build_requires=[])
    wheels.declare_components()
    wheels.scons("nothing", "pkgs=one two top")
    before = wheels.lock.read_bytes()
    script = wheels.folder / "SConstruct"
    script.write_text(script.read_text().partition("if ")[0] + BY_HAND)
    output = wheels.scons("-n", "rebuild", "pkgs=one")
    assert "building one 1.0" in output and wheels.lock.read_bytes() == before
    (wheels.folder / "wanted.txt").write_text("one>=0.1  # the first\n")
    for same in ("one[extra] >= 0.1 ; python_version >= '3'", "@wanted.txt"):
        assert "building one 1.0" in wheels.scons("-n", "rebuild", f"pkgs={same}")
    assert "did you mean pkgs=two?" in wheels.scons("-n", "rebuild", "pkgs=tow", code=2)
    output = wheels.scons("-n", "shell", "pkgs=top", code=2)
    assert (
        "ready wheels from the index are not built: top" in output
        and "scons shell pkgs=top binary=auto,top=never" in output
    )
    assert "one package at a time" in wheels.scons("-n", "shell", "pkgs=one two", code=2)
    assert "no package is named" in wheels.scons("-n", "rebuild", "lock=build/rv1126/pylock.toml", code=2)


def foreign_lock(wheels: Wheels, marker: str = "") -> Path:
    """As uv and pip write them: nothing of ours in it."""
    entries = []
    for name, version in (("top", "1.0"), ("below", "1.5")):
        wheel = wheels.links / f"{name}-{version}-py3-none-any.whl"
        hashes = f'hashes = {{ sha256 = "{sha256(wheel)}" }}'
        files = f'wheels = [{{ name = "{wheel.name}", path = "links/{wheel.name}", {hashes} }}]'
        only = marker if name == "below" else ""
        entries.append(f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{only}{files}\n')
    path = wheels.folder / "pylock.toml"
    path.write_text('lock-version = "1.0"\ncreated-by = "other"\n' + "\n".join(entries))
    return path


def test_a_lock_that_another_tool_wrote_is_taken_as_it_stands(wheels: Wheels) -> None:
    lock = foreign_lock(wheels)
    before = lock.read_text()
    add_wheel(wheels.links, "below", "1.6")
    wheels.make("lock=pylock.toml")
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    assert "is up to date" in wheels.make("lock=pylock.toml")
    assert lock.read_text() == before
    assert "another tool wrote this lock" in wheels.make("lock=pylock.toml", "pkgs=top", code=2)
    assert "another tool wrote this lock" in wheels.scons("outdated", "lock=pylock.toml", code=2)
    assert "there is no such lock" in wheels.make("lock=none.lock", "pkgs=top", code=2)
    assert "links: this is a folder" in wheels.make("lock=links", "pkgs=top", code=2)
    assert "links: this is a folder" in wheels.scons("lock", "lock=links", "pkgs=top", code=2)


def test_a_lock_of_another_tool_is_shown_as_it_is_now(wheels: Wheels) -> None:
    """Not as it was when something was last built with it, or as another lock was."""
    path = foreign_lock(wheels)
    assert wheels.scons("-s", "tree", "lock=pylock.toml", "format=json").startswith("{")
    assert wheels.scons("tree", "lock=pylock.toml").splitlines() == ["below 1.5", "top 1.0"]
    whole = path.read_text()
    path.write_text(whole.rpartition("[[packages]]")[0])
    assert "below" not in wheels.scons("tree", "lock=pylock.toml")
    path.with_name("pylock.other.toml").write_text(whole)
    assert "below 1.5" in wheels.scons("why", "pkgs=below", "lock=pylock.other.toml")


def test_what_of_a_foreign_lock_is_not_for_the_board_is_left_out(wheels: Wheels) -> None:
    foreign_lock(wheels, marker="marker = \"platform_machine == 'x86_64'\"\n")
    output = wheels.make("lock=pylock.toml", code=2)
    assert "1 of 1 wheel made now" in output
    assert "top needs below, and there is no wheel of it" in output
    assert "make " in output
    assert "again with the tool that wrote it" in output


def uv(folder: Path, *arguments: str) -> None:
    options = ["--no-index", "--find-links", "../links", "--python", sys.executable, "--cache-dir", "../uv-cache", "-q"]
    subprocess.run([find_uv_bin(), *arguments, *options], cwd=folder, check=True)


def test_what_uv_exports_is_taken_as_a_lock(wheels: Wheels) -> None:
    """The real uv, for all platforms: the board gets its own wheels and what its markers want."""
    for tag in (NATIVE, "cp311-cp311-manylinux_2_17_x86_64"):
        add_wheel(wheels.links, "native", tag=tag, files={"native/__init__.py": ""})
    add_wheel(wheels.links, "elsewhere")
    needs = """"top", "native", "elsewhere; platform_machine == 'x86_64'\""""
    (wheels.folder / "app").mkdir()
    (wheels.folder / "app/pyproject.toml").write_text(project("app", "3", needs) + 'requires-python = ">=3.11"\n')
    uv(wheels.folder / "app", "lock")
    export = ("export", "--format", "pylock.toml", "--output-file", "../pylock.toml")
    uv(wheels.folder / "app", *export, "--no-emit-project")
    wheels.make("lock=pylock.toml")
    assert wheels.filenames() == {
        "top-1.0-py3-none-any.whl",
        "below-1.5-py3-none-any.whl",
        f"native-1.0-{NATIVE}.whl",
    }
    uv(wheels.folder / "app", *export)
    wheels.declare_components()
    wheels.scons("nothing", "lock=pylock.toml")  # with the project itself, which would be built


def test_uvs_own_lock_is_taken_with_groups_and_extras(wheels: Wheels) -> None:
    """The uv.lock of the real uv, whose files are in a folder."""
    for name in ("tester", "cam"):
        add_wheel(wheels.links, name)
    (wheels.folder / "app").mkdir()
    more = '[project.optional-dependencies]\ncamera = ["cam"]\n[dependency-groups]\ndev = ["tester"]\n'
    (wheels.folder / "app/pyproject.toml").write_text(
        f'[project]\nname = "app"\nversion = "3"\nrequires-python = ">=3.11"\ndependencies = ["top"]\n{more}'
    )
    uv(wheels.folder / "app", "lock")
    add_wheel(wheels.links, "below", "1.6")
    files = {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    wheels.make("lock=app/uv.lock")
    assert wheels.filenames() == files
    wheels.make("lock=app/uv.lock", "group=dev")
    assert wheels.filenames() == {*files, "tester-1.0-py3-none-any.whl"}
    assert "did you mean dev?" in wheels.make("lock=app/uv.lock", "group=dve", code=2)
    way = "the lock asks for top; top 1.0 needs below"
    assert f"below 1.5: {way}" in wheels.scons("why", "lock=app/uv.lock", "pkgs=below")
    wheels.declare_components()
    wheels.scons("nothing", "lock=app/uv.lock", "pkgs=./app[camera]")
    assert "cam 1.0" in wheels.scons("tree", "lock=app/uv.lock", "pkgs=./app[camera]")
    assert "no such extra: canera" in wheels.scons("tree", "lock=app/uv.lock", "pkgs=./app[canera]", code=2)
    completed = (wheels.house.parent / "pylock.given-py313.toml").read_text()
    assert 'path = "../../app"' in completed and 'name = "cam"' in completed and 'name = "tester"' not in completed


PDM = """\
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:x"

[[package]]
name = "top"
version = "1.0"
groups = ["default"]
dependencies = ["below"]
files = [{{file = "top-1.0-py3-none-any.whl", hash = "sha256:{top}"}}]

[[package]]
name = "below"
version = "1.5"
groups = ["default"]
files = [{{file = "below-1.5-py3-none-any.whl", hash = "sha256:{below}"}}]
"""


def test_a_lock_that_names_files_by_hash_alone_gets_them_from_the_index(wheels: Wheels) -> None:
    hashes = {name: sha256(next(wheels.links.glob(f"{name}-*"))) for name in ("top", "below")}
    (wheels.folder / "pdm.lock").write_text(PDM.format(**hashes))
    add_wheel(wheels.links, "below", "1.6")
    wheels.make("lock=pdm.lock")
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    (wheels.folder / "pdm.lock").write_text(PDM.format(top=hashes["top"], below="0" * 64))
    output = wheels.make("lock=pdm.lock", code=2)
    assert "below 1.5: no file that fits has a hash of the lock" in output


def test_a_group_of_a_project_is_locked_with_it(wheels: Wheels) -> None:
    (wheels.folder / "pyproject.toml").write_text('[dependency-groups]\ndev = ["top"]\n')
    wheels.make("group=dev")
    assert wheels.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}


PIP = """\
lock-version = "1.0"
created-by = "pip"

[[packages]]
name = "below"

[packages.archive]
url = "{links}/below-1.5-py3-none-any.whl"

[packages.archive.hashes]
sha256 = "{below}"

[[packages]]
name = "top"
version = "1.0"

[[packages.wheels]]
name = "top-1.0-py3-none-any.whl"
url = "{links}/top-1.0-py3-none-any.whl"

[packages.wheels.hashes]
sha256 = "{top}"
"""


def test_what_pip_lock_writes_is_taken_as_a_lock(wheels: Wheels) -> None:
    """As pip 26.3 writes it for `top` and `below @ file:///...`: an archive has no version, and nothing has an edge."""
    files = {"below": "below-1.5-py3-none-any.whl", "top": "top-1.0-py3-none-any.whl"}
    hashes = {name: sha256(wheels.links / file) for name, file in files.items()}
    (wheels.folder / "pylock.toml").write_text(PIP.format(links=wheels.links.as_uri(), **hashes))
    wheels.make("lock=pylock.toml")
    assert wheels.filenames() == {*files.values()}


def test_what_pip_locked_for_this_machine_alone_is_told(wheels: Wheels) -> None:
    """pip lock takes the one file that is for the machine that it runs on."""
    here = add_wheel(wheels.links, "top", "2.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    text = PIP.format(links=wheels.links.as_uri(), top=sha256(here), below="0" * 64).replace('"1.0"\n\n', '"2.0"\n\n')
    (wheels.folder / "pylock.toml").write_text(text.replace("top-1.0-py3-none-any.whl", here.name))
    output = wheels.make("lock=pylock.toml", code=2)
    assert "this lock is not for armv7l" in output
    assert "Traceback" not in output


@pytest.fixture
def built(wheels: Wheels) -> Wheels:
    """A project with a package that has to be built, and what builds it."""
    wheels.declare_components()
    add_sdist(wheels.links, "raw", build_requires=["backend"])
    add_wheel(wheels.links, "backend", needs=["tool"])
    add_wheel(wheels.links, "tool")
    return wheels


def toolset(lock: Path) -> dict[str, str]:
    """The one toolset of a lock: hashes by package and version."""
    (found,) = tomllib.loads(lock.read_text())["tool"]["crosspython"]["toolsets"]
    return {f"{each['name']} {each['version']}": each["wheels"][0]["hashes"]["sha256"] for each in found["packages"]}


def fact_of_tools(built: Wheels) -> list[str]:
    tree = built.scons("-n", "--tree=all", "wheels", "lock=pylock.toml")
    return sorted({line.partition("+-")[2] for line in tree.splitlines() if "build requirements of raw" in line})


def test_what_builds_a_package_is_locked_with_it(built: Wheels) -> None:
    assert "locking what builds raw" in built.scons("nothing", "pkgs=raw")
    files = {"backend 1.0": "backend-1.0-py3-none-any.whl", "tool 1.0": "tool-1.0-py3-none-any.whl"}
    assert toolset(built.lock) == {title: sha256(built.links / name) for title, name in files.items()}
    assert [entry["name"] for entry in tomllib.loads(built.lock.read_text())["packages"]] == ["raw"]
    add_wheel(built.links, "tool", "2.0")
    assert "locking" not in built.scons("nothing", "pkgs=raw")
    assert "tool 1.0" in toolset(built.lock)


def test_fetch_brings_what_builds_a_package(built: Wheels) -> None:
    assert ": 2 build requirements" in built.scons("lock", "pkgs=raw")
    (built.links / "tool-1.0-py3-none-any.whl").unlink()
    assert "tool 1.0, a build requirement" in built.scons("fetch", "pkgs=raw", "offline=1", code=2)


def test_upgrade_reaches_what_builds_a_package_and_its_wheel_is_another_then(built: Wheels) -> None:
    built.scons("nothing", "pkgs=raw", "lock=pylock.toml")
    before = fact_of_tools(built)
    for name in ("backend", "tool", "raw"):
        add_wheel(built.links, name, "2.0")
    output = built.scons("nothing", "lock=pylock.toml", "upgrade=tool")
    assert "tool 1.0 -> 2.0, a build requirement" in output
    assert toolset(built.folder / "pylock.toml").keys() == {"backend 1.0", "tool 2.0"}
    after = fact_of_tools(built)
    assert (len(before), len(after)) == (1, 1)
    assert before != after
    assert "did you mean upgrade=tool?" in built.scons("nothing", "lock=pylock.toml", "upgrade=tol", code=2)


def test_a_lock_from_before_gets_what_builds_its_packages(built: Wheels) -> None:
    lock = built.folder / "pylock.toml"
    built.scons("nothing", "pkgs=raw", "lock=pylock.toml")
    whole = lock.read_text()
    begin, end = whole.index("[[tool.crosspython.toolsets]]"), whole.index("[[packages]]")
    lock.write_text(whole[:begin] + whole[end:])
    assert f"locked in {lock}: 2 build requirements" in built.scons("nothing", "lock=pylock.toml")
    assert lock.read_text() == whole


def test_build_requirements_that_no_index_has_are_told_and_others_go_on(built: Wheels) -> None:
    add_sdist(built.links, "odd", build_requires=["nowhere"])
    output = built.scons("nothing", "pkgs=raw odd")
    assert "odd: its build requirements are not locked" in output
    assert len(toolset(built.lock)) == 2


def test_parts_build_each_wheel_once_and_say_which(built: Wheels) -> None:
    for name in ("one", "two", "three"):
        add_sdist(built.links, name, build_requires=["backend"])
    built.scons("nothing", "pkgs=raw one two three top", "lock=pylock.toml")
    plans = [built.scons("-n", "wheels", "lock=pylock.toml", f"shard={number}/2") for number in (1, 2)]
    built_in = [{line.split()[1] for line in plan.splitlines() if line.startswith("building ")} for plan in plans]
    names = {"raw", "one", "two", "three"}
    assert built_in[0] & names and built_in[1] & names
    assert not built_in[0] & built_in[1] & names and (built_in[0] | built_in[1]) >= names
    for number, plan in enumerate(plans, 1):
        assert f"shard {number}/2: 2 of the 4 wheels that have to be built: " in plan
        assert "taking" not in plan and "filling" not in plan
    times = built.folder / "times.json"
    known = {"raw 1.0": 1000.0, "one 1.0": 1.0, "two 1.0": 1.0, "three 1.0": 1.0}
    times.write_text(json.dumps({"jobs": 2, "entries": [], "busy": [], "known": known}))
    plan = built.scons("-n", "wheels", "lock=pylock.toml", "shard=1/2", f"times={times}")
    assert "shard 1/2: 1 of the 4 wheels that have to be built: raw" in plan
    times.write_text("{}")
    assert "this is not a times.json that a run has written" in built.scons(
        "-n", "wheels", "lock=pylock.toml", "shard=1/2", f"times={times}", code=2
    )
