"""What a user asks for by name: the bundle, the sysroot, all sources, a check, and what this machine lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crosspython.builders.action import fact, make_action
from crosspython.builders.build import Build, Component
from crosspython.errors import HostToolError
from crosspython.stages.bundle import BundleReport, make_bundle, make_sysroot
from crosspython.toolchain.facts import Toolchain


def AddProducts(env: Any) -> None:
    for method in (Bundle, Sysroot, FetchSources, CheckBundle, Doctor):
        env.AddMethod(method)


def Bundle(env: Any) -> Any:
    """The archive that is unpacked on the board: build/<target>/python-<version>-<target>.tar.gz."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    python, *libraries = _python_and_libraries(build)
    product = settings.folder / f"python-{python.recipe.version}-{settings.target.name}.tar.gz"
    choices = f"slim={settings.slim} prefix={settings.target.prefix} ships={[part.recipe.ships for part in libraries]}"

    def bundle(target: list[Any], source: list[Any], env: Any) -> None:
        report = make_bundle(
            Path(python.node.abspath),
            {Path(library.node.abspath): library.recipe.ships for library in libraries},
            product,
            prefix=settings.target.prefix,
            slim=settings.slim,
            work=build.workshop.work,
        )
        build.workshop.console.closing(tell(report, product, build))

    parts = [part.node for part in (python, *libraries)]
    return env.Command(
        env.File(str(product)),
        [fact(env, "choices of the bundle", choices), *parts],
        make_action("bundle", bundle, f"packing {product.name}"),
    )


def Sysroot(env: Any) -> Any:
    """The folder that other firmware code compiles and links against: build/<target>/sysroot. Returns its stamp's node."""
    build: Build = env["CROSSPYTHON"]
    folder = build.settings.folder / "sysroot"
    parts = [part.node for part in _python_and_libraries(build)]

    def sysroot(target: list[Any], source: list[Any], env: Any) -> None:
        make_sysroot([Path(part.abspath) for part in parts], folder, Path(target[0].abspath))

    node = env.Command(
        env.File(str(folder.parent / "sysroot.txt")),
        parts,
        make_action("sysroot", sysroot, f"unpacking the sysroot {folder.name}"),
    )
    env.Clean(node, env.Dir(str(folder)))
    return node


def FetchSources(env: Any) -> Any:
    """Get the sources of all components, for builds without a network."""
    build: Build = env["CROSSPYTHON"]

    def fetch(target: list[Any], source: list[Any], env: Any) -> None:
        build.workshop.store.get_all([(part.recipe.title, part.recipe.sources) for part in build.wanted()])

    return env.AlwaysBuild(env.Alias("fetch", [], make_action("fetch", fetch, "fetching all sources")))


def CheckBundle(env: Any, bundle: Any) -> Any:
    """Run what was built, in the emulator. Fails where there is none."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings

    def check(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.checks.check import Subject, check_bundle

        subject = Subject(
            bundle=Path(source[0].abspath),
            full=Path(build.components["cpython"].node.abspath),
            target=settings.target,
            toolchain=Toolchain.read(settings.folder / "toolchain.json"),
            release=settings.release,
            work=build.workshop.work / "check",
            path=settings.path,
            build_paths=tuple(str(build.workshop.work / c.recipe.name) for c in build.components.values()),
            jobs=build.jobs,
        )
        check_bundle(subject, build.workshop.console.line, settings.folder / "check.json")

    alias = env.Alias("check", bundle, make_action("check", check, "checking the bundle in the emulator"))
    return env.AlwaysBuild(alias)


def Doctor(env: Any) -> Any:
    """Say what this machine lacks, and the command that mends it."""
    build: Build = env["CROSSPYTHON"]

    def doctor(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.doctor import examine, mend

        findings = examine(path=build.settings.path, target=build.settings.target, toolchain=build.settings.toolchain)
        for finding in findings:
            build.workshop.console.line(str(finding))
        if any(not finding.ok for finding in findings):
            raise HostToolError("this machine lacks what a build needs", next=mend(findings))

    return env.AlwaysBuild(env.Alias("doctor", [], make_action("doctor", doctor, None)))


def tell(report: BundleReport, product: Path, build: Build) -> list[str]:
    """The build's last lines: what was made, what it needs of the board, and how it gets there."""
    target = build.settings.target
    parent = target.prefix.rpartition("/")[0] or "/"
    return [
        f"{product}",
        f"  size:    {megabytes(report.archive)} to send, {megabytes(report.unpacked)} on the board"
        + (f"; slim={build.settings.slim} saved {megabytes(report.saved)}" if report.saved else ""),
        *(f"  {line}" for line in report.needs.describe()),
        "  to put it there:",
        f"    scp {product} root@BOARD:/tmp/",
        f"    ssh root@BOARD 'mkdir -p {parent} && tar -C {parent} -xzf /tmp/{product.name} && {target.prefix}/bin/python3 -V'",
    ]


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _python_and_libraries(build: Build) -> tuple[Component, ...]:
    *libraries, python = build.closure(("cpython",), "bundle")
    return (python, *libraries)
