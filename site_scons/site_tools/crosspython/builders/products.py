"""The products that a user asks for by name: the bundle, the sysroot, all sources, a check, and the doctor's report."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import Shared, fact, make_action
from crosspython.builders.arguments import read_bundle, read_names
from crosspython.builders.build import Build
from crosspython.builders.components import BuiltComponent
from crosspython.builders.documents import common_fields, tell_document
from crosspython.builders.guest import declare
from crosspython.builders.papers import require_allowed_components
from crosspython.builders.paths import escape, folder_node
from crosspython.builders.settings import COMPONENTS, Settings
from crosspython.builders.toolchain import emulators_root, toolchain_node, toolchain_of
from crosspython.errors import HostToolError
from crosspython.recipes.recipe import Recipe
from crosspython.recipes.release import Support, read_support
from crosspython.recipes.series import series_names
from crosspython.store.disk import write_whole
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain

if TYPE_CHECKING:
    from crosspython.finish.board_needs import BoardNeeds
    from crosspython.stages.bundle import BundleReport
    from crosspython.store.fetch import Wanted


def AddProducts(env: Any) -> None:
    for method in (Components, Bundle, Sysroot, FetchSources, CheckBundle, Doctor):
        env.AddMethod(method)


def Components(env: Any) -> dict[str, Any]:
    """Read the recipes that come with crosspython; the nodes of their stage archives by name ("zlib", "cpython", ...).

    Recipes of your own come after it: SConscript("recipes/libfoo/SConscript", exports="env").
    """
    build: Build = env["CROSSPYTHON"]
    if "cpython" not in build.components:
        env.SConscript(escape(str(COMPONENTS / "SConscript")), exports={"env": build.host})
    return {name: component.node for name, component in build.components.items()}


def Bundle(env: Any, also: str | Sequence[str] = ()) -> Any:
    """The archive that is unpacked on the board: build/<target>/python-<version>-<target>.tar.gz. CPython's own tests
    are in an archive beside it, python-<version>-<target>-tests.tar.gz.

    also: names of further components for the board; their dependencies are added
    With libraries=bundle it also gets the libraries of wheels that were declared before.
    """
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    python, *libraries = _python_and_libraries(build, "Bundle", also, build.declared.bundled)
    require_allowed_components(build, (python, *libraries), "the bundle", brings_libc=settings.target.brings_libc)
    build.declared.shipped = frozenset(part.recipe.name for part in (python, *libraries))
    product = settings.folder / f"python-{python.recipe.version}-{settings.target.name}.tar.gz"
    choices = f"slim={settings.slim} prefix={settings.target.prefix} ships={[part.recipe.ships for part in libraries]}"
    if settings.target.brings_libc:
        from crosspython.stages.private_libc import describe_locale

        choices += f" libc=private locale={describe_locale(settings.target)}"

    tests, summary = archive_of_tests(product), product.with_name(product.name.removesuffix(".tar.gz") + ".txt")

    def bundle(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.finish.board_needs import oldest_libc
        from crosspython.stages.bundle import fresh_folder, make_bundle
        from crosspython.stages.private_libc import gather_libc

        work, python_name = build.run.workshop.work, f"python{settings.release.series}"
        with (
            build.run.workshop.jobserver.token(),
            build.run.workshop.journal.making(product.name, product=product),
            fresh_folder(work / f"{product.name}.libc") as folder,
        ):
            toolchain, private = toolchain_of(build), None
            if settings.target.brings_libc:
                private = gather_libc(toolchain, settings.target, python_name, folder, settings.path)
            report = make_bundle(
                Path(python.node.abspath),
                {Path(library.node.abspath): library.recipe.ships for library in libraries},
                product,
                tests,
                prefix=settings.target.prefix,
                slim=settings.slim,
                board_libraries=oldest_libc(settings.target, toolchain).libraries,
                work=work,
                private=private,
                beside=build.run.workshop.jobserver.beside,
            )
        lines = summarize(report, settings.slim, toolchain, brings_libc=private is not None)
        recipes = (part.recipe for part in (python, *libraries))
        licenses = describe_licenses(recipes, brings_libc=private is not None)
        write_whole(summary, "\n".join([*lines, licenses]) + "\n")
        tell()

    def tell() -> None:
        age = [f"  {line}" for line in describe_age(settings.release.support, date.today())]
        build.run.workshop.console.closing([*describe_delivery(product, summary, settings.target.prefix), *age])

    parts = [part.node for part in (python, *libraries)]
    sources = [fact(env, "choices of the bundle", choices), *parts]
    if settings.target.brings_libc:
        sources.append(toolchain_node(env))
    action = make_action("bundle", bundle, f"packing {product.name}", shared=Shared(retrieved=tell))
    node, build.declared.tests, _ = declare(env, [product, tests, summary], sources, action)
    return node


def Sysroot(env: Any, also: str | Sequence[str] = ()) -> Any:
    """The folder that firmware compiles and links against, $CROSSPYTHON_SYSROOT. Returns the node of its stamp, a file
    that changes when the folder changes. Nodes that use the sysroot have to depend on this node.

    also: names of further components in it; their dependencies are added
    """
    build: Build = env["CROSSPYTHON"]
    folder = build.settings.sysroot
    components = _python_and_libraries(build, "Sysroot", also)
    require_allowed_components(build, components, "the sysroot")
    build.declared.in_sysroot = frozenset(part.recipe.name for part in components)
    parts = [part.node for part in components]

    def sysroot(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.finish.board_needs import oldest_libc
        from crosspython.stages.bundle import make_sysroot

        libraries = oldest_libc(build.settings.target, toolchain_of(build)).libraries
        with build.run.workshop.jobserver.token(), build.run.workshop.journal.making(f"{folder.name} folder"):
            make_sysroot([Path(part.abspath) for part in parts], folder, Path(target[0].abspath), libraries)

    action = make_action("sysroot", sysroot, f"unpacking the sysroot {folder.name}", leaves=lambda: [folder])
    [node] = declare(env, [folder.with_name(f"{folder.name}.txt")], parts, action)
    env.Clean(node, folder_node(env, folder))
    return node


def FetchSources(env: Any) -> Any:
    """Get the sources of all components and of the wheels that were declared before, for builds without a network.
    Returns the node of a list of them."""
    build: Build = env["CROSSPYTHON"]
    listing = build.settings.folder / f"sources-{build.settings.release.version}.txt"

    def fetch(target: list[Any], source: list[Any], env: Any) -> None:
        parts = [(part.recipe.title, part.recipe.sources) for part in build.components.wanted()]
        # A library may be a component, too; a package may have several files of one title.
        wanted: list[Wanted] = [*dict.fromkeys([*parts, *(each for each in build.declared.locked if each[1])])]
        build.run.workshop.store.get_all(wanted)
        for package in build.declared.commits:
            from crosspython.wheels.resolving.lock import fetch_commit

            fetch_commit(package, build.run.workshop.store, build.settings.path)
        for order in build.declared.rust:
            from crosspython.builders.wheel_kit import kit_of
            from crosspython.wheels.building.front_end import fetch_crates

            fetch_crates(order(), kit_of(build), build.run.workshop)
        titles = [*(title for title, _ in wanted), *(package.title for package in build.declared.commits)]
        write_whole(listing, "".join(f"{title}\n" for title in dict.fromkeys(titles)))

    machine = [toolchain_node(env)] if build.declared.rust else []  # the toolchain decides which Rust is used
    return env.AlwaysBuild(declare(env, [listing], machine, make_action("fetch", fetch, "fetching all sources")))[0]


def CheckBundle(env: Any, bundle: Any) -> Any:
    """Run the bundle's Python in the emulator. Fails without an emulator. Returns the node of the report."""
    build: Build = env["CROSSPYTHON"]
    bundles = read_bundle("CheckBundle", bundle)
    settings = build.settings
    report = settings.folder / f"check-{settings.release.version}.json"

    def check(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.checks.check import Subject, check_bundle

        toolchain = toolchain_of(build)
        subject = Subject(
            bundle=Path(source[0].abspath),
            tests=Path(source[1].abspath),
            left_out=Path(build.components["cpython"].node.abspath) if settings.slim != "0" else None,
            target=settings.target,
            toolchain=toolchain,
            root=emulators_root(build, toolchain),
            release=settings.release,
            work=build.run.workshop.work / f"check-{settings.release.version}",
            path=settings.path,
            build_paths=tuple(str(build.run.workshop.work / c.recipe.name) for c in build.components.values()),
            jobs=build.run.jobs,
        )
        check_bundle(subject, build.run.workshop.console.line, report)

    action = make_action("check", check, "checking the bundle in the emulator")
    return env.AlwaysBuild(declare(env, [report], [*bundles, build.declared.tests], action))[0]


def Doctor(env: Any) -> Any:
    """Tell the user which programs this machine lacks, and the command that installs them. Returns an alias; no file is
    written."""
    build: Build = env["CROSSPYTHON"]
    name = f"crosspython-doctor-{build.settings.target.name}"

    def doctor(target: list[Any], source: list[Any], env: Any) -> None:
        diagnose(build.settings, build.run.workshop.console.line)

    return env.AlwaysBuild(env.Alias(name, [], make_action("doctor", doctor, None)))


def diagnose(settings: Settings, tell: Callable[[str], None]) -> None:
    """Tell what a build needs of this machine, and what is there. Raises HostToolError for what is missing."""
    from crosspython.doctor import examine, mend

    findings = examine(path=settings.path, target=settings.target, toolchain=settings.toolchain)
    if settings.format == "json":
        import crosspython.documents as documents

        looked = [documents.Looked(f.kind, f.name, f.purpose, f.found, f.wanted, f.ok) for f in findings]
        tell_document(documents.Doctor(**common_fields(settings), findings=looked, mend=mend(findings)))
    for line in (
        ()
        if settings.format == "json"
        else (*map(str, findings), *describe_age(settings.release.support, date.today()))
    ):
        tell(line)
    if any(not finding.ok for finding in findings):
        raise HostToolError("this machine does not have everything that a build needs", next=mend(findings))


def summarize(report: BundleReport, slim: str, toolchain: Toolchain, *, brings_libc: bool = False) -> list[str]:
    """The lines of the text file beside a bundle: its size, its requirements of the board, and its range of dates."""
    libc = describe_libc(toolchain.libc, report.needs)
    if brings_libc:
        libc = f"contains {toolchain.libc} in lib/private; starts on boards with any libc, or none"
    return [
        f"size:    {megabytes(report.archive)} to send, {megabytes(report.unpacked)} on the board",
        f"without: CPython's own tests, tkinter, turtle, idlelib: {megabytes(report.tests)},"
        " in the archive of tests beside it",
        *_left_out(report, slim),
        *report.needs.describe(),
        f"dates:     {toolchain.describe_time()}",
        f"libc:      {libc}",
    ]


def describe_libc(libc: Libc, needs: BoardNeeds) -> str:
    """For which libc a product was built, and on which boards it starts."""
    newest = needs.of_libc
    return f"built for {libc}; starts on boards with {((newest and newest.libc) or libc).starting}"


def _left_out(report: BundleReport, slim: str) -> list[str]:
    if slim == "0":
        return []
    from crosspython.finish.python_tree import SLIM

    words = [*SLIM, *(["the .py beside the .pyc"] if slim == "pyc" else [])]
    return [f"slim={slim} saved {megabytes(report.saved)}: it leaves out {', '.join(words)}"]


def describe_licenses(recipes: Iterable[Recipe], *, brings_libc: bool = False) -> str:
    """The line that says what a bundle's parts are licensed under."""
    from crosspython.papers.private_libc import brought_licenses

    licenses = [(recipe.name, recipe.license or "not stated") for recipe in recipes]
    names: dict[str, list[str]] = {}
    for name, license in licenses + (brought_licenses() if brings_libc else []):
        names.setdefault(license, []).append(name)
    parts = (f"{license} ({', '.join(sorted(names[license]))})" for license in sorted(names))
    return f"licences:  {', '.join(parts)}; their texts are in share/licenses"


def archive_of_tests(bundle: Path) -> Path:
    """Where CPython's own tests are: an archive to be unpacked over the bundle."""
    return bundle.with_name(bundle.name.removesuffix(".tar.gz") + "-tests.tar.gz")


def describe_delivery(product: Path, summary: Path, prefix: str) -> list[str]:
    """The build's last lines: what was made, its summary, and how it gets to the board."""
    parent = prefix.rpartition("/")[0] or "/"
    folder, archive, python = map(shlex.quote, (parent, f"/tmp/{product.name}", f"{prefix}/bin/python3"))
    unpack = f"mkdir -p {folder} && tar -C {folder} -xzf {archive} && {python} -V"
    return delivery_lines(product, summary.read_text().splitlines(), unpack)


def delivery_lines(product: Path, lines: Iterable[str], command: str) -> list[str]:
    """A product, the lines about it, and how it gets to the board, where `command` puts it to its place."""
    return [
        f"{product}",
        *(f"  {line}" for line in lines),
        "  to put it on the board:",
        f"    scp {shlex.quote(str(product))} root@BOARD:/tmp/",
        f"    ssh root@BOARD {shlex.quote(command)}",
    ]


def describe_age(support: Support, today: date) -> list[str]:
    """The lines that warn that a Python gets no security fixes any more, and name the series that get them. Nothing if
    it still gets them."""
    if not support.has_ended(today):
        return []
    others = (read_support(COMPONENTS / "cpython", series) for series in series_names(COMPONENTS / "cpython"))
    newer = [f"python={other.series} until {other.end_of_life}" for other in others if not other.has_ended(today)]
    lasting = f"; {', '.join(newer)}" if newer else ""
    return [f"old      Python {support.series}: {support.describe(today)}{lasting}"]


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _python_and_libraries(
    build: Build, method: str, also: str | Sequence[str], more: Sequence[str] = ()
) -> tuple[BuiltComponent, ...]:
    """Python first, then what it and the further components need."""
    for name in build.settings.release.libraries:
        build.components.find(name, "the libraries of python=")
    parts = build.components.closure(("cpython", *read_names(method, "also", also), *more), "bundle and sysroot")
    return tuple(sorted(parts, key=lambda part: part.recipe.name != "cpython"))
