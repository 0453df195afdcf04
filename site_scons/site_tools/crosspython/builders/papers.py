"""Documents about the products: `scons sbom` and `scons legal-info`. They describe the products that exist, and change
none of them.

The modules that write them are imported on demand, so that other runs do not load them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.components import BuiltComponent
from crosspython.builders.paths import folder_node
from crosspython.builders.toolchain import known_toolchain, toolchain_node, toolchain_of
from crosspython.run.console import format_count
from crosspython.store.disk import write_whole
from crosspython.store.sources import Source

if TYPE_CHECKING:
    from crosspython.papers.part import Inventory, Part
    from crosspython.papers.private_libc import Brought
    from crosspython.wheels.model import Fetch, LockedFile, LockedPackage, WheelReport

_SHOWN = 8  # names in a line of the console


def AddPapers(env: Any) -> None:
    env.AddMethod(Sbom)
    env.AddMethod(LegalInfo)


def Sbom(env: Any, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
    """Write inventories of the parts of the bundle, the sysroot and the wheelhouse: build/<target>/sbom/.
    Returns an alias: they are written again each time that it is asked for.

    bundle, sysroot, wheels: the products to describe, as env.Bundle(), env.Sysroot() and env.Wheels() returned them.
    The wheelhouse is also described if an earlier run filled it.
    """
    build: Build = env["CROSSPYTHON"]
    folder = build.settings.folder / "sbom"

    def sbom(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.papers.cyclonedx import write_cyclonedx
        from crosspython.papers.spdx import write_spdx

        for name, inventory in inventories_of(build, bundle, sysroot):
            write_whole(folder / f"{name}.cdx.json", write_cyclonedx(inventory))
            write_whole(folder / f"{name}.spdx.json", write_spdx(inventory))
            build.run.console.line(
                f"  {folder / name}.cdx.json, .spdx.json: {format_count(len(inventory.parts), 'part')}"
            )
            _tell_unclear(build, [part for part in inventory.parts if part.kind != "crate" and not part.license])

    return paper_goal(env, build, "sbom", [bundle, sysroot, wheels], folder, sbom)


def LegalInfo(env: Any, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
    """Gather the texts of all licences, the sources' names and hashes, patches and a table: build/<target>/legal-info/.
    Returns an alias. The arguments are those of env.Sbom()."""
    build: Build = env["CROSSPYTHON"]
    folder = build.settings.folder / "legal-info"

    def legal_info(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.papers.legal_info import Delivered, write_legal_info

        products: dict[str, list[str]] = {}
        parts: dict[str, Part] = {}
        for name, inventory in inventories_of(build, bundle, sysroot):
            for part in inventory.parts:
                products.setdefault(part.ref, []).append(name)
                parts.setdefault(part.ref, part)
        texts = _license_texts(build, bundle)
        delivered = [Delivered(parts[ref], tuple(products[ref]), texts.get(parts[ref].title, {})) for ref in parts]
        without = write_legal_info(delivered, folder)
        build.run.console.line(f"  {folder}: {format_count(len(parts), 'part')}, manifest.csv")
        if without:
            build.run.console.warn(f"no licence text was found for {_name_some(without)}")

    return paper_goal(env, build, "legal-info", [bundle, sysroot, wheels], folder, legal_info)


def require_allowed_components(
    build: Build, components: Iterable[BuiltComponent], product: str, *, brings_libc: bool = False
) -> None:
    """Check, before anything is built, that no component has a licence that `forbid_licenses=` names.
    Raises ConfigurationError.

    brings_libc: the product also contains the compiler's libc
    """
    if build.settings.forbid_licenses and not build.run.only_removes:
        from crosspython.papers.private_libc import brought_licenses

        licenses = [(part.recipe.title, part.recipe.license) for part in components]
        _require_allowed(build, licenses + (brought_licenses() if brings_libc else []), product)


def require_allowed_wheels(
    build: Build, chosen: Mapping[LockedPackage, LockedFile | None], components: Iterable[BuiltComponent]
) -> None:
    """Check the same for packages, for the components whose libraries are put into their wheels, and for the files that
    their builds would download. The licence of a package is read from its wheel or sdist, which is fetched for that.

    chosen: the ready wheel of each package; None: it is built
    """
    if not build.settings.forbid_licenses or build.run.only_looks:
        return
    from crosspython.builders.wheel_lock import override_of
    from crosspython.papers.downloaded import describe_fetches

    licenses = [(package.title, _license_of(build, package, file)) for package, file in chosen.items()]
    licenses += [(f"{part.recipe.title}, for a wheel", part.recipe.license) for part in components]
    for package in (package for package, file in chosen.items() if file is None):
        downloaded = describe_fetches(override_of(build, package.name).fetches)
        licenses += [(f"{part.title}, which {package.name} downloads", part.license) for part in downloaded]
    _require_allowed(build, licenses, "the wheelhouse")


def _require_allowed(build: Build, licenses: Sequence[tuple[str, str]], product: str) -> None:
    from crosspython.papers.forbidden import read_forbidden, require_allowed

    require_allowed(licenses, read_forbidden(build.settings.forbid_licenses), product)


def _license_of(build: Build, package: LockedPackage, file: LockedFile | None) -> str:
    from crosspython.papers.sources import read_source_metadata
    from crosspython.papers.stated_licenses import read_stated_license
    from crosspython.papers.wheels import read_wheel_file
    from crosspython.wheels.resolving.lock import fetch_commit, fetch_file

    store = build.run.workshop.store
    if file is not None:
        return read_stated_license(read_wheel_file(fetch_file(file, store, package.title)).metadata)[0]
    if package.commit is not None:
        source = fetch_commit(package, store, build.settings.path)
    elif package.sdist is not None:
        source = fetch_file(package.sdist, store, package.title)
    else:
        assert package.folder is not None  # a package is made of something
        source = package.folder
    return read_stated_license(read_source_metadata(source))[0]


def paper_goal(env: Any, build: Build, name: str, products: Sequence[Any], folder: Path, function: Any) -> Any:
    """The alias of a goal that writes a folder about products, each time that it is asked for."""
    sources = [toolchain_node(env), *env.Flatten([product for product in products if product])]
    alias = env.Alias(
        f"crosspython-{name}-{build.settings.target.name}",
        sources,
        make_action(name, function, f"writing {folder.name}"),
    )
    env.Clean(alias, folder_node(env, folder))
    return env.AlwaysBuild(alias)


def inventories_of(build: Build, bundle: Any, sysroot: Any) -> list[tuple[str, Inventory]]:
    """The inventories of all products that exist, with the names of their documents."""
    from crosspython.papers.part import Inventory, each_once
    from crosspython.store.fetch import hash_file

    settings = build.settings
    version, facts = settings.release.version, facts_of(build)
    found = []
    if bundle is not None:
        file = Path(bundle.abspath)
        name = file.name.removesuffix(".tar.gz")
        parts = [*shipped_components(build, build.declared.shipped or ()), *_packages_in_bundle(build)]
        parts += _brought(build, file).parts
        found.append((name, Inventory(name, version, each_once(parts), hash_file(file), facts)))
    if sysroot is not None:
        name, parts = settings.sysroot.name, shipped_components(build, build.declared.in_sysroot or ())
        found.append((name, Inventory(f"{name}-{settings.target.name}", version, each_once(parts), facts=facts)))
    if wheels := wheels_of_house(build):
        name = f"wheels-{settings.release.series}"
        found.append((name, Inventory(f"{name}-{settings.target.name}", version, each_once(wheels), facts=facts)))
    return found


def facts_of(build: Build) -> dict[str, str]:
    """The facts that all parts share: the target and its toolchain."""
    target, toolchain = build.settings.target, toolchain_of(build)
    return {
        "target": target.name,
        "machine": target.machine,
        "triplet": target.triplet,
        "compiler": toolchain.compiler,
        "libc": str(toolchain.libc),
        "python": build.settings.release.version,
    }


def components_of(build: Build, names: Iterable[str]) -> list[Part]:
    """Components as parts, by their names."""
    from crosspython.papers.components import describe_component

    recipes = {name: component.recipe for name, component in build.components.items()}
    return [describe_component(recipes[name], recipes, _stage(build, name)) for name in sorted(names)]


def shipped_components(build: Build, names: Iterable[str]) -> list[Part]:
    """Components as parts, with the libraries that CPython's source contains. The source is fetched for that."""
    from crosspython.papers.vendored import vendored_in

    parts = components_of(build, names)
    cpython = build.components["cpython"].recipe if "cpython" in names else None
    if cpython is None or not cpython.sources:
        return parts
    inside = vendored_in(build.run.workshop.store.get(cpython.sources, cpython.title)[1])
    refs = tuple(part.ref for part in inside)
    return [
        *(replace(part, depends=(*part.depends, *refs)) if part.name == cpython.name else part for part in parts),
        *inside,
    ]


def _stage(build: Build, name: str) -> Path:
    return Path(build.components[name].node.abspath)


def _packages_in_bundle(build: Build) -> list[Part]:
    """The packages that CPython installs with itself: pip."""
    from crosspython.papers.wheels import packages_in_stage

    return packages_in_stage(_stage(build, "cpython"))


def _brought(build: Build, bundle: Path) -> Brought:
    """The libc that is in the bundle, if it brings one."""
    from crosspython.papers.private_libc import Brought, read_brought

    if not build.settings.target.brings_libc:
        return Brought((), {})
    toolchain = toolchain_of(build)
    return read_brought(bundle, toolchain.libc, toolchain.compiler)


def wheels_of_house(build: Build) -> list[Part]:
    """The parts of the wheelhouse as it is now; none if it was never filled."""
    from crosspython.builders.wheel_lock import known_lock, override_of
    from crosspython.papers.downloaded import describe_fetches
    from crosspython.papers.wheels import describe_wheel, find_owners
    from crosspython.wheels.house.report import reports_of_house

    reports = reports_of_house(build.settings.wheelhouse, build.settings.release.series)
    lock = known_lock(build) if reports else None
    packages = lock.by_name if lock else {}
    versions = {report.name: report.version for report in reports}
    wanted = {name for report in reports for name in override_of(build, report.name).libraries}
    stages = {
        part.recipe.name: Path(part.node.abspath)
        for part in build.components.closure(tuple(sorted(wanted & build.components.keys())), "wheels")
    }
    owners = find_owners({soname for report in reports for soname in report.grafted}, stages)
    found: list[Part] = []
    for report in reports:
        package = packages.get(report.name)
        found += describe_wheel(
            build.settings.wheelhouse / report.filename,
            report,
            package,
            versions,
            (*_libraries(build, report, owners), *describe_fetches(_fetches_of(build, report))),
            _crates(build, report, package),
        )
    return found


def _fetches_of(build: Build, report: WheelReport) -> tuple[Fetch, ...]:
    """The files that a wheel was built with and that its build would have downloaded."""
    from crosspython.builders.wheel_lock import override_of

    return () if report.engine == "ready" else override_of(build, report.name).fetches


def parts_of_lock(build: Build) -> list[Part]:
    """The locked packages as parts, with the components whose libraries are put into wheels that are built; none
    without a lock. No product has to exist for this."""
    from crosspython.builders.wheel_lock import known_lock, override_of
    from crosspython.papers.part import PACKAGE, Part
    from crosspython.papers.wheels import package_purl

    lock = known_lock(build)
    packages = [package for package in lock.packages if not package.build_only] if lock else []
    wanted = {name for each in packages if not each.wheels for name in override_of(build, each.name).libraries}
    components = build.components.closure(tuple(sorted(wanted & build.components.keys())), "wheels")
    return [
        *components_of(build, {component.recipe.name for component in components}),
        *(Part(PACKAGE, each.name, each.version, package_purl(each.name, each.version)) for each in packages),
    ]


def _libraries(build: Build, report: WheelReport, owners: dict[str, str]) -> tuple[Part, ...]:
    from crosspython.papers.wheels import as_held, library_of_compiler

    held = components_of(build, {owners[soname] for soname in report.grafted if soname in owners})
    toolchain = known_toolchain(build)
    compiler = toolchain.compiler if toolchain else ""
    others = [library_of_compiler(soname, compiler) for soname in report.grafted if soname not in owners]
    return (*map(as_held, held), *others)


def _crates(build: Build, report: WheelReport, package: LockedPackage | None) -> tuple[Part, ...]:
    """The crates of a Rust package that was built here from an sdist: those that our lock names, and those that its own
    lock files name, where the lock has no others."""
    if package is None or package.sdist is None or report.engine == "ready":
        return ()
    from crosspython.wheels.building.cargo import needs_rust
    from crosspython.wheels.requirements import names_of

    if not needs_rust(names_of(package.build_requires)):
        return ()
    from crosspython.builders.wheel_crates import crates_of
    from crosspython.builders.wheel_lock import known_lock
    from crosspython.papers.crates import crates_of_sdist
    from crosspython.wheels.resolving.lock import fetch_file

    lock = known_lock(build)
    locked = crates_of(build, lock, package) if lock is not None else None
    sdist = fetch_file(package.sdist, build.run.workshop.store, package.title)
    return crates_of_sdist(sdist, locked.locks if locked is not None else {})


def _license_texts(build: Build, bundle: Any) -> dict[str, Mapping[str, bytes]]:
    """The texts of licences by the titles of what they are of."""
    from crosspython.papers.downloaded import describe_fetches, texts_in_archive
    from crosspython.papers.legal_info import texts_in_stage
    from crosspython.papers.wheels import read_wheel_file
    from crosspython.wheels.house.report import reports_of_house

    texts = dict(_brought(build, Path(bundle.abspath)).texts) if bundle is not None else {}
    for component in build.components.values():
        stage = Path(component.node.abspath)
        if stage.is_file():
            texts[component.recipe.title] = texts_in_stage(stage, component.recipe.name)
    for report in reports_of_house(build.settings.wheelhouse, build.settings.release.series):
        file = read_wheel_file(build.settings.wheelhouse / report.filename)
        texts[f"{report.name} {report.version}"] = dict(file.license_texts)
        for fetch, part in zip(fetched := _fetches_of(build, report), describe_fetches(fetched), strict=True):
            archive = build.run.workshop.store.get((Source(fetch.sha256, fetch.url),), part.title)[1]
            texts[part.title] = texts_in_archive(archive)
    return texts


def _tell_unclear(build: Build, parts: Sequence[Part]) -> None:
    if parts:
        build.run.console.warn(f"the SPDX licence is unclear for {_name_some([part.title for part in parts])}")


def _name_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
