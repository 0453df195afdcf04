"""What building a wheel costs beyond its compilers: `scons wheels` against the bare compile commands, in the same run.

    python benchmarks/wheels.py [markupsafe] [numpy] [--engines]

Needs what `scons target=rv1126` made, and the packages' sources in the store or a network. A package of setuptools is
compared with its compiler's calls as the log has them, one of meson-python with `ninja` in a folder that was set up with
the same machine files. `--engines` compares the two engines; compilers are native in both, so that a build in a wholly
emulated system costs more than the emulated one here. Times of children come from the kernel's own accounting (wait4). A Markdown table goes to
standard output.
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
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build" / "rv1126"
COMPILERS = ("arm-linux-gnueabihf-gcc ", "arm-linux-gnueabihf-g++ ")
SMALL = ("markupsafe", "msgpack", "psutil")
BACKENDS = {"markupsafe": "setuptools", "numpy": "meson"}


def cpu(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> float:
    """Seconds of all processors that a command and its children cost; it has to succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        sys.exit(f"{shlex.join(command)} failed:\n{(run.stdout + run.stderr)[-3000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def build_wheel(name: str, *variables: str) -> float:
    """CPU of `scons wheels` for one package whose wheel is not there; the kit is."""
    command = [sys.executable, "-m", "SCons", "-Q", "wheels", f"pkgs={name}", "binary=never", "cache=", *variables]
    cpu(command, REPOSITORY)  # the kit, the lock and the source are there from now on
    for wheel in (BUILD / "stages/wheels").glob(f"{name}-*"):
        wheel.unlink()
    return cpu(command, REPOSITORY)


def read_log(name: str) -> tuple[dict[str, str], str]:
    """The environment of the last command in a wheel's log, and what it put out."""
    (log,) = (BUILD / "logs/wheels").glob(f"{name}-*.log")
    head, _, output = log.read_text(errors="replace").rpartition("\n$ ")
    words = shlex.split(head.rpartition("$ env -i \\\n")[2].partition("    sh\n")[0])
    return dict(word.split("=", 1) for word in words if "=" in word), output


def unpack(name: str, folder: Path) -> Path:
    """The source of a locked package, from the store."""
    from crosspython.store.archive import unpack_archive
    from crosspython.wheels.pylock import read_pylock

    (package,) = (package for package in read_pylock(BUILD / "pylock.toml").packages if package.name == name)
    assert package.sdist is not None
    place = Path("~/.cache/crosspython/sources").expanduser() / package.sdist.sha256[:2] / package.sdist.sha256
    unpack_archive(place / package.sdist.name, folder / "source", strip=1)
    return folder / "source"


def bare_setuptools(name: str, folder: Path) -> float:
    """CPU of the compiler's calls alone."""
    environment, output = read_log(name)
    source = unpack(name, folder)
    total = 0.0
    for line in output.splitlines():
        if line.startswith(COMPILERS):
            words = shlex.split(line)
            (source / words[words.index("-o") + 1]).parent.mkdir(parents=True, exist_ok=True)
            total += cpu(words, source, environment)
    return total


def bare_meson(name: str, folder: Path) -> float:
    """CPU of ninja alone; setting up is not counted, as with `meson compile`."""
    environment, _ = read_log(name)
    source = unpack(name, folder)
    kit = Path(environment["CMAKE_TOOLCHAIN_FILE"]).parent
    overlay = environment["PYTHONPATH"]
    own = source / "vendored-meson/meson/meson.py"
    meson = ["python", str(own)] if own.exists() else ["meson"]
    options = [
        f"--cross-file={kit / 'meson.ini'}",
        f"--cross-file={overlay}.ini",
        "-Dbuildtype=release",
        "-Db_ndebug=if-release",
    ]
    environment.pop("MAKEFLAGS", None)
    Path(environment["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    environment["HOME"] = environment["TMPDIR"] = str(folder)
    cpu([*meson, "setup", "build", *options], source, environment)
    return cpu(["ninja", "-C", "build", f"-j{os.cpu_count()}"], source, environment)


def compare_engines() -> None:
    """Print what each engine costs."""
    print("\n| package | cross, CPU s | emulated, CPU s | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in SMALL:
            cross = build_wheel(name)
            Path(folder, f"{name}.toml").write_text('reason = "to compare"\nengine = "emulated"\n')
            emulated = build_wheel(name, f"overrides={folder}")
            print(f"| {name} | {cross:.2f} | {emulated:.2f} | {emulated / cross:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", action="store_true", help="compare the two engines, too")
    parser.add_argument("packages", nargs="*", default=sorted(BACKENDS), choices=sorted(BACKENDS))
    arguments = parser.parse_args()
    print("| package | scons wheels, CPU s | its compilers alone, CPU s | difference | ratio |")
    print("| --- | --- | --- | --- | --- |")
    for name in arguments.packages:
        whole = build_wheel(name)
        folder = BUILD / "work" / f"bare-{name}"  # below the work folder, whose paths the wrappers know
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        bare = {"setuptools": bare_setuptools, "meson": bare_meson}[BACKENDS[name]](name, folder)
        shutil.rmtree(folder)
        print(f"| {name} | {whole:.2f} | {bare:.2f} | {whole - bare:.2f} | {whole / bare:.3f} |", flush=True)
    if arguments.engines:
        compare_engines()


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY / "site_scons" / "site_tools"))
    main()
