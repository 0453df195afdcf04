"""The kinds of steps a plan has: how each is carried out."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

from crosspython.errors import StepError
from crosspython.finish.bytecode import COMPILE_MODULES, has_bytecode, remove_orphaned_bytecode
from crosspython.finish.python_tree import correct_build_details
from crosspython.hosttools import require_tools
from crosspython.recipes.plan import (
    Answers,
    Autoreconf,
    BuildDetails,
    CompilePython,
    Edit,
    Install,
    InstallDependencies,
    InstallPython,
    InstallWheels,
    Make,
    Ninja,
    Remove,
    RequireModules,
    Run,
    Step,
    Symlink,
    Train,
    Write,
    fill,
)
from crosspython.stages.component_build import ComponentBuild
from crosspython.stages.site_file import site_file
from crosspython.toolchain.emulator import emulator_command, libc_root

# The programs that autoreconf runs. Its messages are unclear if one of them is missing.
AUTORECONF_TOOLS = ("autoreconf", "automake", "libtoolize")

# The number of bytes at the begin of a configure script that contain autoconf's mark.
_HEAD = 1000

# Modules that cannot be compiled, on purpose: CPython's own Makefile leaves them out. lib2to3's tests moved in 3.12.
UNCOMPILED = re.compile(r"bad_coding|badsyntax|lib2to3/(?:tests/)?data")

# The number of shares into which modules are divided to be byte-compiled in parallel. A .pyc can depend on the modules
# that the same process has compiled before (marshal records shared strings), so all machines use the same shares.
_SHARES = 8

# MODULE__SSL_STATE=yes: what CPython's configure (3.11 and newer) found out about each module.
MODULE_STATE = re.compile(r"^MODULE_(\w+)_STATE=(.*)$", re.MULTILINE)


# An emulated program gets the same random bytes each time (QEMU's manual, "-seed"): the same profile, the same product.
REPEATABLE = {"QEMU_RAND_SEED": "1"}


def title(step: Step) -> str:
    """The name of a step in the log and on the console."""
    return step.name if isinstance(step, (Run, Make, Ninja)) else type(step).__name__.lower()


@singledispatch
def carry_out(step: Step, build: ComponentBuild) -> None:
    """Do one step of a plan. Raises StepError."""
    raise TypeError(f"no such step: {step!r}")


@carry_out.register(Run)
def _run(step: Run, build: ComponentBuild) -> None:
    build.run(step.argv, cwd=Path(fill(step.cwd, build.places)), env=step.env)


@carry_out.register(Make)
def _make(step: Make, build: ComponentBuild) -> None:
    build.run(("make", *step.arguments), cwd=Path(fill(step.cwd, build.places)), env=step.env, jobs="pipe")


@carry_out.register(Ninja)
def _ninja(step: Ninja, build: ComponentBuild) -> None:
    build.run(("ninja", *step.arguments), cwd=Path(fill(step.cwd, build.places)), jobs="fifo")


@carry_out.register(Write)
def _write(step: Write, build: ComponentBuild) -> None:
    (build.source / step.file).write_text(fill(step.text, build.places))


@carry_out.register(Autoreconf)
def _autoreconf(step: Autoreconf, build: ComponentBuild) -> None:
    if not (build.source / "configure").exists():
        require_tools(AUTORECONF_TOOLS, build.workshop.path)
        build.run(("autoreconf", "-fi"), cwd=build.source)


@carry_out.register(Answers)
def _answers(step: Answers, build: ComponentBuild) -> None:
    with (build.source / "configure").open(errors="replace") as script:
        if "GNU Autoconf" in script.read(_HEAD):
            build.places["answers"] = str(site_file(build))


@carry_out.register(Edit)
def _edit(step: Edit, build: ComponentBuild) -> None:
    path = build.source / step.file
    if not path.is_file():
        raise StepError(
            f"{build.recipe.title}: the file of a declared edit does not exist",
            expected=step.file,
            found="no such file in the source after configure",
            log=build.log.path,
            next="upstream changed: correct or remove the edit in the recipe",
        )
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    path.write_text(edit_text(step, text, build), encoding="utf-8", errors="surrogateescape")


def edit_text(edit: Edit, text: str, build: ComponentBuild) -> str:
    """The edited text of the edit's file. Raises StepError if upstream's text is not the one that the edit was made
    for."""
    replacement = fill(edit.replacement, build.places)
    text, found = re.subn(edit.pattern, lambda _: replacement, text, flags=re.MULTILINE)
    if found != edit.matches:
        raise StepError(
            f"{build.recipe.title}: a declared edit of {edit.file} does not match as declared",
            expected=f"{edit.matches} matches of {edit.pattern!r}",
            found=f"{found}",
            log=build.log.path,
            next="upstream changed: correct or remove the edit in the recipe",
        )
    return text


@carry_out.register(Install)
def _install(step: Install, build: ComponentBuild) -> None:
    folder = build.stage / step.folder
    folder.mkdir(parents=True, exist_ok=True)
    for path in _matches(build, build.source, step.glob):
        shutil.copy2(path, folder / (step.name or path.name), follow_symlinks=False)


@carry_out.register(InstallDependencies)
def _install_dependencies(step: InstallDependencies, build: ComponentBuild) -> None:
    folder = build.stage / "lib"
    folder.mkdir(parents=True, exist_ok=True)
    for path in _matches(build, build.sysroot / "usr/lib", "*.so.*"):
        shutil.copy2(path, folder / path.name, follow_symlinks=False)


@carry_out.register(Symlink)
def _symlink(step: Symlink, build: ComponentBuild) -> None:
    link = build.stage / step.link
    link.unlink(missing_ok=True)
    link.symlink_to(step.to)


@carry_out.register(Remove)
def _remove(step: Remove, build: ComponentBuild) -> None:
    for glob in step.globs:
        for path in _matches(build, build.stage, glob):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@carry_out.register(InstallWheels)
def _install_wheels(step: InstallWheels, build: ComponentBuild) -> None:
    from zipfile import ZipFile

    from installer import install

    from crosspython.stages.edited_wheels import EditedDestination, PartOfWheel

    packages, scripts = build.stage / step.packages, build.stage / "bin"
    edits = {edit.file: edit for edit in step.edits}
    destination = EditedDestination(
        {
            "purelib": str(packages),
            "platlib": str(packages),
            "scripts": str(scripts),
            "data": str(build.stage),
            "headers": str(build.stage / "include"),
        },
        interpreter=f"{build.prefix}/bin/{step.interpreter}",
        script_kind="posix",
        edit=lambda name, text: edit_text(edits.pop(name), text, build) if name in edits else text,
    )
    for path in _matches(build, build.stage, step.glob):
        with ZipFile(path) as archive:
            part = PartOfWheel(archive, step.leave_out)
            install(source=part, destination=destination, additional_metadata={"INSTALLER": b"crosspython\n"})
    if edits:
        raise StepError(
            f"{build.recipe.title}: declared edits name files that no wheel contains",
            expected=", ".join(edits),
            found=", ".join(path.name for path in _matches(build, build.stage, step.glob)),
            log=build.log.path,
            next="upstream changed: correct or remove the edits in the recipe",
        )


@carry_out.register(InstallPython)
def _install_python(step: InstallPython, build: ComponentBuild) -> None:
    library, folder = build.source / "Lib", build.stage / step.folder
    lines = [f"{path}\t{folder / path.relative_to(library)}" for path in sorted(library.rglob("*.py"))]
    install = f"+$(MAKE) -C {build.source} {fill(' '.join(step.arguments), build.places)}"
    script = shutil.copy(COMPILE_MODULES, build.work)  # the path of the work folder has no blanks
    _make_shares(build, "install", lines, f"{{build_python}} {script} $@ {build.destdir} unchecked", meanwhile=install)
    remove_orphaned_bytecode(folder)  # not all modules of Lib are installed
    _remove_empty_folders(folder)


@carry_out.register(Train)
def _train(step: Train, build: ComponentBuild) -> None:
    workshop = build.workshop
    emulator = emulator_command(workshop.target, libc_root(build.order.toolchain), workshop.path)
    libraries = f"LD_LIBRARY_PATH={build.sysroot}/usr/lib"  # for the program, and not for the emulator
    build.run((*emulator, "-E", libraries, *step.argv), cwd=build.source, env=REPEATABLE, seconds=step.seconds)
    if not any(build.source.glob(step.profiles)):
        raise StepError(
            f"{build.recipe.title}: the training run wrote no profile",
            expected=f"{step.profiles} in the folder of the build",
            found="none",
            log=build.log.path,
            next="read the output of the training run in the log, or build with optimize=lto",
        )


@carry_out.register(BuildDetails)
def _build_details(step: BuildDetails, build: ComponentBuild) -> None:
    correct_build_details(build.stage / step.folder, build.workshop.target.machine)


@carry_out.register(CompilePython)
def _compile_python(step: CompilePython, build: ComponentBuild) -> None:
    """Byte-compile the modules of a folder. The .pyc files are valid by the source's hash and never by its time
    (PEP 552), because cp, FTP and git give files new times. Users edit files in site-packages, so there Python checks
    the hash."""
    folder = build.stage / step.folder
    waiting = [
        path for path in sorted(folder.rglob("*.py")) if not (has_bytecode(path) or UNCOMPILED.search(str(path)))
    ]
    packages = [path for path in waiting if path.is_relative_to(folder / "site-packages")]
    library = [path for path in waiting if path not in packages]
    script = shutil.copy(COMPILE_MODULES, build.work)
    for name, mode, files in (("library", "unchecked", library), ("packages", "checked", packages)):
        lines = [f"{path}\t{path}" for path in files]
        command = f"{{build_python}} {script} $@ {build.destdir} {mode} strict"
        _make_shares(build, f"compile-{name}", lines, command)


def _make_shares(build: ComponentBuild, name: str, lines: Sequence[str], command: str, *, meanwhile: str = "") -> None:
    """Let make run a command for each share of these lines, which are in a file `$@`; and in parallel to them, the
    command `meanwhile`."""
    count = min(_SHARES, len(lines))
    for share in range(count):
        (build.work / f"share-{share}").write_text("".join(f"{line}\n" for line in lines[share::count]))
    shares = " ".join(f"share-{share}" for share in range(count))
    goals = f"{'meanwhile ' if meanwhile else ''}{shares}"
    rules = (f"all: {goals}", f".PHONY: all {goals}", *_rule(shares, fill(command, build.places)))
    more = ("meanwhile:", f"\t{meanwhile}") if meanwhile else ()
    (build.work / f"{name}.mk").write_text("\n".join((*rules, *more, "")))
    build.run(("make", "-f", f"{name}.mk"), cwd=build.work, jobs="pipe")


def _rule(goals: str, command: str) -> tuple[str, ...]:
    return (f"{goals}:", f"\t@{command}") if goals else ()


def _remove_empty_folders(folder: Path) -> None:
    for parent, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(parent):
            os.rmdir(parent)


@carry_out.register(RequireModules)
def _require_modules(step: RequireModules, build: ComponentBuild) -> None:
    built = _built_modules(build.source)
    missing = sorted(set(step.modules) - built)
    if not missing:
        return
    states = _module_states(build.source / "Makefile")
    reasons = [f"{name}: {_reason(states.get(name.upper()))}" for name in missing]
    raise StepError(
        f"{build.recipe.title}: {len(missing)} extension modules of the standard library were not built",
        evidence=reasons,
        expected=f"{len(step.modules)} modules",
        found=f"{len(built)} built",
        log=build.log.path,
        next=f"search the log and {build.source / 'config.log'} for the module's name; "
        "its library has to be a component which this Python depends on",
    )


def _built_modules(source: Path) -> set[str]:
    """The extension modules that were built in a CPython source folder, and those that are linked into the
    interpreter."""
    shared = {path.name.split(".")[0] for path in (*source.glob("Modules/*.so"), *source.glob("build/lib.*/*.so"))}
    failed = {path.name.split("_failed.")[0] for path in source.glob("build/lib.*/*_failed.so")}
    inittab = (source / "Modules/config.c").read_text()
    return (shared - failed) | set(re.findall(r'^\s*\{"(\w+)", PyInit', inittab, re.MULTILINE))


def _module_states(makefile: Path) -> dict[str, str]:
    return {name.removesuffix("_"): state for name, state in MODULE_STATE.findall(makefile.read_text())}


def _reason(state: str | None) -> str:
    return {
        None: "CPython's setup.py did not find what it needs",
        "yes": "its compilation or link failed",
        "missing": "configure did not find the library or header it needs",
        "disabled": "disabled by configure",
        "n/a": "configure says that it is not available on this platform",
    }.get(state, f"configure says {state!r}")


def _matches(build: ComponentBuild, folder: Path, glob: str) -> list[Path]:
    found = sorted(folder.glob(glob))
    if not found:
        raise StepError(
            f"{build.recipe.title}: nothing matches {glob!r}",
            expected=f"files below {os.path.relpath(folder, build.work)}",
            found="none",
            log=build.log.path,
            next="upstream's layout changed: correct the recipe",
        )
    return found
