"""`scons provenance` writes statements of where products come from. `scons verify FILE` compares a product with its
statement.

Statements are in build/<target>/provenance/ and have the names of their products. A statement may be copied along with
its product.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.cache import describe_build_machine
from crosspython.builders.papers import facts_of, inventories_of, paper_goal, wheels_of_house
from crosspython.errors import CheckError, ConfigurationError, SignatureError
from crosspython.run.console import format_count
from crosspython.store.disk import write_whole

if TYPE_CHECKING:
    from crosspython.papers.provenance import Known, Material, Statement

_PARAMETERS = ("slim", "shared", "optimize", "libraries", "contain")


def AddProvenance(env: Any) -> None:
    env.AddMethod(Provenance)
    env.AddMethod(Verify)


def Provenance(env: Any, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
    """Write statements of what the bundle, the sysroot and each wheel were made of: build/<target>/provenance/. Returns
    an alias. The arguments are those of env.Sbom(); with `sign_key=` each statement is signed."""
    build: Build = env["CROSSPYTHON"]
    folder = build.settings.folder / "provenance"

    def provenance(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.papers.provenance import SIGNATURE, SUFFIX, write_statement
        from crosspython.store.signing import STATEMENT, Signer

        stated = _state(build, bundle, sysroot)
        key = build.settings.sign_key
        for each in stated:
            text, file = write_statement(each), folder / f"{each.name}{SUFFIX}"
            write_whole(file, text)
            signature = file.with_name(f"{file.name}{SIGNATURE}")
            signature.unlink(missing_ok=True)
            if key is not None:
                write_whole(signature, Signer(key).sign(text.encode(), STATEMENT))
        signed = f", signed by {key}" if key else ""
        build.run.console.line(f"  {folder}: {format_count(len(stated), 'statement')}{signed}")

    return paper_goal(env, build, "provenance", [bundle, sysroot, wheels], folder, provenance)


def Verify(env: Any, files: Sequence[str] = ()) -> Any:
    """Compare products with their statements, and these with the lock, the recipes and the cache. Returns an alias.

    files: products; none: all products in the build folder that have a statement
    """
    build: Build = env["CROSSPYTHON"]

    def verify(target: list[Any], source: list[Any], env: Any) -> None:
        products = [build.settings.start / file for file in files] or _stated_products(build)
        for product in products:
            for line in verify_product(build, product):
                build.run.console.line(f"  {line}")

    name = f"crosspython-verify-{build.settings.target.name}"
    return env.AlwaysBuild(env.Alias(name, [], make_action("verify", verify, None)))


def verify_product(build: Build, product: Path) -> list[str]:
    """The lines that say what was verified. Raises CheckError or SignatureError if something does not agree."""
    from crosspython.papers.provenance import SUFFIX, compare_materials, digest_of, read_statement

    if not product.exists():
        raise CheckError(f"{product}: there is no such file")
    file = next(
        (each for each in _places(build, product, SUFFIX) if each.is_file()), product.with_name(product.name + SUFFIX)
    )
    if not file.is_file():
        raise CheckError(
            f"{product}: there is no statement about it",
            expected=f"{file.name} beside it, or in {build.settings.folder / 'provenance'}",
            next="scons provenance",
        )
    text = file.read_text(encoding="utf-8", errors="replace")
    signed = _verify_signature(build, file, text)
    stated, found = read_statement(text, str(file)), digest_of(product)
    if found != stated.digest:
        raise CheckError(
            f"{product}: its content is not what its statement describes",
            expected=_show(stated.digest),
            found=_show(found),
            next="get it again from where it was built",
        )
    if problems := compare_materials(stated, _known(build)):
        raise CheckError(
            f"{product}: it was made from other materials than those of this lock and these recipes", evidence=problems
        )
    cached = _look_into_cache(build, found)
    return [f"{product}: as stated, made from {format_count(len(stated.materials), 'material')}; {signed}{cached}"]


def _verify_signature(build: Build, file: Path, text: str) -> str:
    from crosspython.papers.provenance import SIGNATURE
    from crosspython.store.signing import STATEMENT, Signers

    signature, signers = file.with_name(f"{file.name}{SIGNATURE}"), build.settings.signers
    if signers is None:
        return "its signature was not verified (signers= is not set)"
    if not signature.is_file():
        raise SignatureError(
            f"{file}: not signed", expected=f"{signature.name} beside it", next="scons provenance sign_key=KEY"
        )
    armoured = signature.read_text(encoding="utf-8", errors="replace")
    return f"signed by {Signers(signers).name_of(text.encode(), armoured, STATEMENT)}"


def _places(build: Build, product: Path, suffix: str) -> list[Path]:
    name = product.name + suffix
    return [product.with_name(name), build.settings.folder / "provenance" / name]


def _stated_products(build: Build) -> list[Path]:
    from crosspython.papers.provenance import SUFFIX

    folder = build.settings.folder
    names = sorted(file.name.removesuffix(SUFFIX) for file in (folder / "provenance").glob(f"*{SUFFIX}"))
    places = [
        next((each for each in (folder / name, folder / "wheels" / name) if each.exists()), None) for name in names
    ]
    found = [place for place in places if place is not None]
    if not found:
        raise ConfigurationError("verify: no product is named, and there are no statements", next="scons provenance")
    return found


def _look_into_cache(build: Build, digest: dict[str, str]) -> str:
    """The words that say whether the cache's folder has the same bytes. If it has other bytes under this hash, it is
    damaged."""
    from crosspython.store.cache_folder import CacheFolder
    from crosspython.store.fetch import hash_file

    choice, sha256 = build.settings.cache, digest.get("sha256")
    if choice.folder is None or sha256 is None:
        return ""
    kept = CacheFolder(choice.folder, limit=choice.limit).object_place(sha256)
    if not kept.is_file():
        return "; not in the cache"
    if hash_file(kept) != sha256:
        raise CheckError(f"{kept}: the cache's copy is damaged", next=f"remove {kept}")
    return "; the cache has the same bytes"


def _state(build: Build, bundle: Any, sysroot: Any) -> list[Statement]:
    """The statements of all products that are there."""
    from crosspython.papers.provenance import Statement, digest_of, materials_of

    settings = build.settings
    facts = {**facts_of(build), "machine of the build": describe_build_machine()}
    parameters = {
        "target": settings.target.name,
        "python": settings.release.version,
        "prefix": settings.target.prefix,
        **{name: str(getattr(settings, name)) for name in _PARAMETERS},
    }
    parts = {name: inventory.parts for name, inventory in inventories_of(build, bundle, sysroot)}
    products = [Path(bundle.abspath)] if bundle is not None else []
    products += [settings.sysroot] if sysroot is not None else []
    found = [
        Statement(product.name, digest_of(product), materials_of(parts[name]), parameters, facts)
        for name, product in zip(parts, products, strict=False)
    ]
    for wheel, materials in _materials_of_wheels(build):
        found.append(Statement(wheel.name, digest_of(wheel), materials, parameters, facts))
    return found


def _materials_of_wheels(build: Build) -> list[tuple[Path, tuple[Material, ...]]]:
    """Each wheel of the wheelhouse, and what it was made of: its source, what built it, what was put into it."""
    from crosspython.builders.wheel_lock import known_lock
    from crosspython.builders.wheel_tools import find_toolsets
    from crosspython.papers.part import PACKAGE
    from crosspython.papers.provenance import materials_of
    from crosspython.wheels.house.report import reports_of_house

    reports = reports_of_house(build.settings.wheelhouse, build.settings.release.series)
    lock = known_lock(build) if reports else None
    if lock is None:
        return []
    parts = wheels_of_house(build)
    by_ref = {part.ref: part for part in parts}
    built = {report.name for report in reports if report.engine != "ready"}
    toolsets = find_toolsets(build, lock, [package for package in lock.packages if package.name in built])
    found = []
    for report in reports:
        own = next(part for part in parts if part.kind == PACKAGE and part.name == report.name)
        held = [by_ref[ref] for ref in own.depends if ref in by_ref and by_ref[ref].kind != PACKAGE]
        others = _tools_as_materials(toolsets.get(report.name))
        found.append((build.settings.wheelhouse / report.filename, (*materials_of([own, *held]), *others)))
    return found


def _tools_as_materials(toolset: Any) -> list[Material]:
    from crosspython.papers.provenance import Material
    from crosspython.papers.wheels import package_ref
    from crosspython.wheels.model import file_of_tool

    if toolset is None:
        return []
    packages = (*toolset.packages, *toolset.beneath)
    files = [(each, file_of_tool(each)) for each in packages]
    return [Material(file.name, file.sha256, file.url or "", package_ref(p.name, p.version)) for p, file in files]


def _known(build: Build) -> dict[str, Known]:
    """The sources of parts according to the local recipes and the local lock, by the package URLs of the parts."""
    from crosspython.builders.wheel_lock import known_lock
    from crosspython.papers.components import describe_component
    from crosspython.papers.provenance import Known, materials_of
    from crosspython.papers.wheels import package_ref
    from crosspython.wheels.resolving.lock import tools_of_lock

    recipes = {name: component.recipe for name, component in build.components.items()}
    parts = [describe_component(recipe, recipes) for recipe in recipes.values()]
    known = {part.ref: Known("the recipe", {m.name: m.sha256 for m in materials_of([part])}) for part in parts}
    lock = known_lock(build)
    hashes: dict[str, dict[str, str]] = {}
    for package in (*lock.packages, *tools_of_lock(lock)) if lock is not None else ():
        files = [file for file in (package.sdist, *package.wheels) if file is not None]
        hashes.setdefault(package_ref(package.name, package.version), {}).update({f.name: f.sha256 for f in files})
    return known | {ref: Known("the lock", each) for ref, each in hashes.items() if each}


def _show(digest: Any) -> str:
    return ", ".join(f"{kind} {value}" for kind, value in sorted(digest.items()))
