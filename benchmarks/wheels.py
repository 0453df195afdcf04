"""What wheels cost: each package of wheels.txt, and `scons wheels` against the bare compile commands.

    python benchmarks/wheels.py table       # after the command that docs/benchmarks.md shows: hours
    python benchmarks/wheels.py overhead    # of markupsafe, beyond its compiler
    python benchmarks/wheels.py engines     # cross and emulated, for three small packages
    python benchmarks/wheels.py meson numpy # beyond `meson compile`; another package of meson-python may be named
    python benchmarks/wheels.py noop        # of that wheelhouse, when there is nothing to do; another list may be named

Needs what `scons target=rv1126` made, and a network for the sources. CPU seconds of all children come from the kernel's
own accounting (wait4). Compilers are native in both engines: a build in a wholly emulated system costs more than the
emulated one here. Markdown goes to standard output.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build" / "rv1126"
LIST = Path(__file__).with_name("wheels.txt")
COMPILERS = ("arm-linux-gnueabihf-gcc ", "arm-linux-gnueabihf-g++ ")
SMALL = ("markupsafe", "msgpack", "psutil")


def cpu(command: Sequence[str], cwd: Path, env: dict[str, str] | None = None) -> float:
    """Seconds of all processors that a command and its children cost; it has to succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        sys.exit(f"{shlex.join(command)} failed:\n{(run.stdout + run.stderr)[-3000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def scons_wheels(packages: str, *variables: str) -> float:
    """CPU of one run of `scons wheels` that builds everything from source."""
    command = [sys.executable, "-m", "SCons", "-Q", "wheels", f"pkgs={packages}", "binary=never", *variables]
    return cpu(command, REPOSITORY)


def build_wheel(name: str, *variables: str) -> float:
    """CPU of `scons wheels` for one package whose wheel is not there; the kit is, made for a small one."""
    cost = 0.0
    for each in (SMALL[0], name):
        for wheel in (BUILD / "stages/wheels").glob(f"{each}-[0-9]*-cp313.*"):
            wheel.unlink()
        cost = scons_wheels(each, "cache=none", *variables)
    return cost


def print_table() -> None:
    """Print what the reports of the packages of wheels.txt say that were built here:
    what each cost when it was built."""
    from crosspython.wheels.house.report import read_report
    from packaging.utils import canonicalize_name

    names = set(map(canonicalize_name, LIST.read_text().split()))
    print("| package | CPU s | engine | extensions | newest symbol | libraries in it |")
    print("| --- | --- | --- | --- | --- | --- |")
    for report in map(read_report, sorted((BUILD / "stages/wheels").glob("*-cp313.json"))):
        if report.name in names and report.engine != "ready":
            count = len(report.extensions) or ""
            libraries = ", ".join(name.partition(".so")[0] for name in report.grafted)
            cells = (f"{report.name} {report.version}", f"{report.cpu:.0f}", report.engine, count, report.needs or "")
            print(f"| {' | '.join(map(str, cells))} | {libraries} |")


def read_log(name: str) -> tuple[dict[str, str], str]:
    """The environment of the last command in a wheel's newest log, without the pool of jobs, and what it put out."""
    log = max((BUILD / "logs/wheels").glob(f"{name}-[0-9]*.log"), key=os.path.getmtime)
    head, _, output = log.read_text(errors="replace").rpartition("\n$ ")
    words = shlex.split(head.rpartition("$ env -i \\\n")[2].partition("    sh\n")[0])
    environment = dict(word.split("=", 1) for word in words if "=" in word)
    environment.pop("MAKEFLAGS", None)
    return environment, output


@contextmanager
def bare_source(name: str, environment: dict[str, str]) -> Iterator[Path]:
    """The source of a locked package where it was built, and the libraries that it was built with."""
    from crosspython.store.archive import unpack_archive
    from crosspython.store.tree import unpack_tree
    from crosspython.wheels.known.overrides import find_override
    from crosspython.wheels.resolving.pylock import read_pylock

    lock = read_pylock(BUILD / "pylock.toml")
    assert lock is not None
    (sdist,) = (package.sdist for package in lock.packages if package.name == name)
    assert sdist is not None
    work, sysroot = Path(environment["HOME"]).parent, Path(environment["CROSSPYTHON_SYSROOT"])
    shutil.rmtree(work, ignore_errors=True)
    (work / "tmp").mkdir(parents=True)
    store = Path("~/.cache/crosspython/sources").expanduser()
    unpack_archive(store / sdist.sha256[:2] / sdist.sha256 / sdist.name, work / "source", strip=1)
    if not sysroot.exists():
        archives = [BUILD / "stages" / line.split()[1] for line in (BUILD / "sysroot.txt").read_text().splitlines()]
        for library in find_override(name, []).libraries:
            archives += (BUILD / "stages").glob(f"{library}-*[0-9].tar.zst")
        for archive in archives:
            unpack_tree(archive, sysroot / "usr")
    yield work / "source"
    shutil.rmtree(work)


def compare_compiler(name: str) -> None:
    """Print what a package of setuptools costs beyond the calls of its compiler."""
    whole = build_wheel(name)
    environment, output = read_log(name)
    with bare_source(name, environment) as source:
        bare = 0.0
        for line in output.splitlines():
            if line.startswith(COMPILERS):
                words = shlex.split(line)
                (source / words[words.index("-o") + 1]).parent.mkdir(parents=True, exist_ok=True)
                bare += cpu(words, source, environment)
    print_comparison(name, "its compiler", whole, bare)


def compare_meson(name: str) -> None:
    """Print what a package of meson-python costs beyond ninja: with the options that the package itself chooses, and
    with those of its override, too, where it has any.
    """
    from crosspython.wheels.known.overrides import find_override

    whole = build_wheel(name)
    environment, output = read_log(name)
    (line,) = (line for line in output.splitlines() if line.startswith("+ ") and " setup " in line)
    words = [word for word in shlex.split(line)[1:] if not word.startswith("--native-file")]
    build = words[words.index("setup") + 2]
    ours = find_override(name, []).config_settings.get("setup-args", ())
    variants = {"": [word for word in words if word not in ours]}
    if ours:
        variants["with the override's options, "] = words
    with bare_source(name, environment) as source:
        for options, command in variants.items():
            shutil.rmtree(build, ignore_errors=True)
            setup = cpu(command, source, environment)
            bare = cpu(["ninja", "-C", build, f"-j{os.cpu_count()}"], source, environment)
            print_comparison(name, f"{options}meson compile", whole, bare)
            print_comparison(name, f"{options}meson setup and compile", whole, setup + bare)


def print_comparison(name: str, other: str, whole: float, bare: float) -> None:
    more = f"{whole - bare:.2f} s more, {whole / bare:.3f}"
    print(f"{name}: scons wheels {whole:.2f} s, {other} alone {bare:.2f} s: {more}", flush=True)


def compare_engines() -> None:
    """Print what each engine costs."""
    print("| package | cross, CPU s | emulated, CPU s | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in SMALL:
            cross = build_wheel(name)
            Path(folder, f"{name}.toml").write_text('reason = "to compare"\nengine = "emulated"\n')
            emulated = build_wheel(name, f"overrides={folder}")
            print(f"| {name} | {cross:.2f} | {emulated:.2f} | {emulated / cross:.1f} |", flush=True)


def measure_noop(names: str) -> None:
    """Print what a run costs that has nothing to do, the cheapest of five, and SCons's own start."""
    scons_wheels(f"@{names}")
    whole = min(scons_wheels(f"@{names}") for _ in range(5))
    start = min(cpu([sys.executable, "-c", "import SCons.Script"], REPOSITORY) for _ in range(5))
    count = len(list((BUILD / "wheels").glob("*.whl")))
    print(f"no-op with {count} wheels: {whole:.2f} s, SCons's own start {start:.2f} s: {whole - start:.2f} s more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("table", "overhead", "engines", "meson", "noop"))
    parser.add_argument("package", nargs="?", help="for overhead and meson; for noop, a file with names of packages")
    arguments = parser.parse_args()
    if arguments.part == "table":
        print_table()
    elif arguments.part == "overhead":
        compare_compiler(arguments.package or "markupsafe")
    elif arguments.part == "meson":
        compare_meson(arguments.package or "numpy")
    elif arguments.part == "noop":
        measure_noop(arguments.package or str(LIST))
    else:
        compare_engines()


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY / "site_scons" / "site_tools"))
    main()
