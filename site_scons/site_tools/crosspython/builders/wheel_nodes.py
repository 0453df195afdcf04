"""The nodes of one lock: a File for each wheel, and the report of the wheelhouse that holds them.

The name of a wheel's node has no tags, because they are known only after the build. The wheel's report is beside it.
Facts about the wheel are readable Values; stage archives, other wheels and the toolchain are ordinary sources.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from crosspython.builders.action import Shared, fact, make_action
from crosspython.builders.build import Build, BuiltWheel
from crosspython.builders.components import BuiltComponent
from crosspython.builders.farm_wheel import FarmedWheel, part_of_lock
from crosspython.builders.guest import declare
from crosspython.builders.papers import require_allowed_wheels
from crosspython.builders.ready_wheels import Verdicts
from crosspython.builders.toolchain import find_toolchain, target_fact, toolchain_node, toolchain_of
from crosspython.builders.wheel_crates import crates_of, lock_crates
from crosspython.builders.wheel_lock import override_of
from crosspython.builders.wheel_source import fetch_source, local_files
from crosspython.builders.wheel_tools import find_toolsets, sources_of_tools
from crosspython.builders.wheelhouse_node import WheelhouseNode, report_beside
from crosspython.errors import ConfigurationError, CrosspythonError
from crosspython.hosttools import describe_install, find_tool
from crosspython.names import suggest
from crosspython.recipes.cpython import BUILD_PYTHON
from crosspython.store.sources import Source
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.wheels.building.cargo import needs_rust
from crosspython.wheels.house.report import write_wheel_report
from crosspython.wheels.model import LockedFile, LockedPackage, WheelOrder, WheelReport
from crosspython.wheels.resolving.binary import Binary
from crosspython.wheels.resolving.choose import choose_files, choose_sound, may_give_way, require_can_build
from crosspython.wheels.resolving.lock import (
    fetch_file,
    required_names,
    source_of_package,
    target_needs,
)
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock, pylock_text
from crosspython.wheels.shards import Shard

# Increase this number when the same package would now give another wheel.
ENGINE = "3"


class WheelNodes:
    """The nodes of one lock, in the making."""

    def __init__(self, env: Any, build: Build, lock: Lock, binary: Binary) -> None:
        self.env, self.build, self.lock, self.binary = env, build, lock, binary
        self.settings = settings = build.settings
        self.platform = Platform.of(settings.target, settings.release)
        self.packages = lock.by_name
        self._require_known(binary)
        tags = self.platform.tags(_libc_of(build))
        chosen = choose_files(lock.packages, binary, tags)
        self.verdicts = verdicts = Verdicts(build, lambda: find_toolchain(build))
        verdicts.bring(may_give_way(lock.packages, chosen, binary))
        self.chosen, self.refused = choose_sound(lock.packages, chosen, binary, tags, verdicts.refusal)
        built = [package for package in lock.packages if self.chosen[package.name] is None]
        self.lock = lock = lock_crates(build, lock, built)
        self.toolsets = find_toolsets(build, lock, built)
        self.made: dict[str, Any] = {}
        self.house = WheelhouseNode(env, build, lock, self.platform, self.made)
        self.looked_at: set[str] = set()

    def declare(self) -> list[Any]:
        """The report of the wheelhouse, then one node a wheel; with `shard=`, the nodes of this part alone."""
        self._require_allowed()
        require_can_build(self.packages.values(), self.chosen, self.settings.release)
        wheels = [self._wheel(name, ()) for name in self.packages]
        if self.settings.shard is not None:
            return self._part(self.settings.shard)
        node = self.house.declare(self._machine)
        self.build.declared.locked.extend((package.title, self._file(package)) for package in self.packages.values())
        for tools in self.toolsets.values():
            self.build.declared.locked.extend(sources_of_tools(tools))
        self.build.declared.commits.extend(package for package in self.packages.values() if package.commit is not None)
        return [node, *wheels]

    def _part(self, shard: Shard) -> list[Any]:
        """The nodes of the wheels that this shard builds. The other runs take them from the cache."""
        from crosspython.builders.wheel_shard import divide_jobs

        built = self.build.declared.built_wheels
        packages = [package for package in self.lock.packages if package.name in built]
        names = divide_jobs(self.build, shard, packages, self._target_needs)
        self.house.leave_out(self.packages.keys() - names)
        return [self.made[name] for name in names]

    def _target_needs(self, package: LockedPackage) -> frozenset[str]:
        """The packages of the lock whose wheels for the board have to be there before this one is built."""
        needs = target_needs(package, override_of(self.build, package.name), self.platform)
        return frozenset(needs & self.packages.keys())

    def _require_allowed(self) -> None:
        """Check that no package of the wheelhouse has a licence that `forbid_licenses=` names.
        Raises ConfigurationError."""
        shipped = [self.packages[name] for name in self.house.shipped()]
        built = [package.name for package in shipped if self.chosen[package.name] is None]
        libraries = tuple(sorted({each for name in built for each in override_of(self.build, name).libraries}))
        held = self.build.components.closure(libraries, "wheels") if self.settings.forbid_licenses else ()
        require_allowed_wheels(self.build, {package: self.chosen[package.name] for package in shipped}, held)

    def _require_known(self, binary: Binary) -> None:
        """Warn of names in binary= that are none of the packages: they may be misspelt, and would be ignored."""
        unknown = sorted(self.build.settings.binary.by_package.keys() & binary.by_package.keys() - self.packages.keys())
        if unknown:
            close = [meant for name in unknown if (meant := suggest(name, self.packages))]
            self.build.run.console.warn(
                f"binary=: {', '.join(unknown)}: no package of this run has this name"
                + "".join(f"; {meant}" for meant in close)
            )

    def _warn_of_tools(self, library: BuiltComponent) -> None:
        """Warn now of missing programs that a component needs, because its build may start an hour later."""
        name = library.recipe.name
        if name in self.looked_at or self.build.run.only_looks or os.path.exists(library.node.abspath):
            return
        self.looked_at.add(name)
        missing = [tool for tool in library.recipe.plan.tools if find_tool(tool, self.settings.path) is None]
        if missing:
            lacks = (
                f"this machine lacks {', '.join(missing)}, which the build of {name} needs, unless it is in the cache"
            )
            self.build.run.console.warn(f"{lacks}: {describe_install(missing)}")

    @property
    def _toolchain(self) -> Toolchain:
        return toolchain_of(self.build)

    def _wheel(self, name: str, wanted_by: tuple[str, ...]) -> Any:
        """The node of one wheel. The nodes of the wheels that it needs are made first."""
        if name in self.made:
            return self.made[name]
        if name in wanted_by:
            raise ConfigurationError(f"these packages need each other to be built: {', '.join(wanted_by)}")
        package, ready = self.packages[name], self.chosen[name]
        self._leave_to_bundle(package, override_of(self.build, name).loads)
        if ready is None:
            needs = sorted(self._target_needs(package))
            target_wheels = {need: self._wheel(need, (*wanted_by, name)) for need in needs}
            node = self._built(package, target_wheels)
        else:
            node = self._ready(package, ready)
        self.made[name] = node
        self.house.summary.expect(package, node)
        return node

    def _ready(self, package: LockedPackage, file: LockedFile) -> Any:
        build, settings = self.build, self.settings
        product = self._product(package)

        def take() -> WheelReport:
            from crosspython.wheels.repairing.repair import Repair, take_ready

            path = fetch_file(file, build.run.workshop.store, package.title)
            repair = Repair(
                package=package,
                target=settings.target,
                toolchain=self._toolchain,
                series=settings.release.series,
                abiflags=settings.release.abiflags,
                work=build.run.workshop.work / f"ready-{package.name}-{self.platform.series}",
            )
            return take_ready(path, file.name, product, repair, self.verdicts.reports.get(file.sha256))

        sources = [fact(self.env, f"file of {package.name}", file.sha256), *self._machine]
        return self._declare(package, sources, take, f"taking {file.name}")

    def _built(self, package: LockedPackage, target_wheels: dict[str, Any]) -> Any:
        build = self.build
        override = override_of(build, package.name)
        libraries = build.components.closure(override.libraries, f"the override of {package.name}")
        for library in libraries:
            self._warn_of_tools(library)
            self.build.declared.locked.append((library.recipe.title, library.recipe.sources))
        fetches = {each.sha256: (Source(each.sha256, each.url),) for each in override.fetches}
        self.build.declared.locked.extend((package.title, sources) for sources in fetches.values())
        tools, crates = self.toolsets.get(package.name), crates_of(build, self.lock, package)
        product = self._product(package)
        local = None if self.env.GetOption("clean") else local_files(build, package)
        source_hash = local.hash() if local else package.source_hash
        for remark in local.remarks if local else ():
            build.run.console.warn(remark)
        if self.settings.libraries == "bundle":
            self._leave_to_bundle(package, override.libraries)

        def order() -> WheelOrder:
            from crosspython.wheels.resolving.tools import fetch_tools

            return WheelOrder(
                package=package,
                override=override,
                source=local or fetch_source(build, package),
                libraries={library.recipe.name: Path(library.node.abspath) for library in libraries},
                target_wheels={name: Path(node.abspath) for name, node in target_wheels.items()},
                product=product,
                source_hash=source_hash if local else None,
                tools=fetch_tools(tools, build.run.workshop.store) if tools is not None else None,
                fetched={
                    sha256: build.run.workshop.store.get(wanted, package.title)[1] for sha256, wanted in fetches.items()
                },
                crates=crates,
            )

        def build_it() -> WheelReport:
            from crosspython.builders.wheel_kit import kit_of
            from crosspython.wheels.building.front_end import build_wheel

            report = build_wheel(order(), kit_of(build), build.run.workshop)
            refused = self.refused.get(package.name)
            return replace(report, remarks=(*report.remarks, refused)) if refused else report

        sources = [
            fact(self.env, f"source of {package.name}", source_hash),
            fact(self.env, f"override of {package.name}", json.dumps(override.facts())),
            fact(self.env, f"build requirements of {package.name}", json.dumps(tools.facts() if tools else None)),
            fact(self.env, "way of building wheels", f"{ENGINE} libraries={self.settings.libraries}"),
            *self._machine,
            *self._python,
            *(library.node for library in libraries if not self.env.GetOption("clean")),
            *target_wheels.values(),
        ]
        if needs_rust(required_names(package, self.platform)):
            sources.append(self._rust)
            if crates is not None and crates.locks:
                sources.append(fact(self.env, f"crates of {package.name}", json.dumps(crates.locks, sort_keys=True)))
            build.declared.rust.append(order)
        node = self._declare(package, sources, build_it, f"building {package.title}", shared=Shared())
        build.declared.built_wheels[package.name] = BuiltWheel(node, sources, order)
        node.attributes.farmed = FarmedWheel(partial(self._text_of_part, package), partial(self._fail, package))
        return node

    def _text_of_part(self, package: LockedPackage) -> str | None:
        """What a worker of a farm has to know of the lock to build a wheel."""
        part = part_of_lock(self.lock, package, self._target_needs, self.toolsets, self.binary)
        return None if part is None else pylock_text(part, self.platform.as_marker(of_series=True), Path(os.sep), {})

    def _fail(self, package: LockedPackage, error: CrosspythonError) -> None:
        """Record that the build of a wheel has failed elsewhere. Raises the error."""

        def fail() -> WheelReport:
            raise error

        self.house.summary.watch(package, fail)

    def _leave_to_bundle(self, package: LockedPackage, names: Sequence[str]) -> None:
        """Let the bundle bring these components: the package needs them, and its wheel does not contain them."""
        libraries = self.build.components.closure(tuple(names), f"the override of {package.name}")
        _require_in_bundle(self.build, libraries, package)
        self.build.declared.locked.extend((library.recipe.title, library.recipe.sources) for library in libraries)
        bundled = self.build.declared.bundled
        bundled.extend(name for name in names if name not in bundled)

    @cached_property
    def _rust(self) -> Any:
        """A fact that describes the Rust that is used, for packages that are written in Rust."""
        from crosspython.builders.wheel_kit import rust_of

        return fact(self.env, "Rust", rust_of(self.build).describe(self.settings.target))

    def _file(self, package: LockedPackage) -> tuple[Source, ...]:
        """The file that has to be fetched for a wheel; empty if it is built from a folder."""
        file = self.chosen[package.name] or package.sdist
        return (source_of_package(file),) if file is not None else ()

    def _declare(
        self,
        package: LockedPackage,
        sources: list[Any],
        make: Callable[[], WheelReport],
        says: str,
        shared: Shared | None = None,
    ) -> Any:
        product = self._product(package)
        self.build.declared.wheels[package.title] = product
        if loads := override_of(self.build, package.name).loads:
            sources.append(fact(self.env, f"what {package.name} loads", " ".join(loads)))
            make = _remarking(make, f"loads {', '.join(loads)} when it runs: a bundle made in the same run contains it")

        def action(target: list[Any], source: list[Any], env: Any) -> None:
            report = self.house.summary.watch(package, make)
            write_wheel_report(report, report_beside(product))

        node, _ = declare(
            self.env, [product, report_beside(product)], sources, make_action("wheel", action, says, shared=shared)
        )
        return node

    def _product(self, package: LockedPackage) -> Path:
        name = "-".join(part for part in (package.name, package.version, self.settings.release.interpreter) if part)
        return self.settings.folder / "stages" / "wheels" / f"{name}.whl"

    @cached_property
    def _machine(self) -> list[Any]:
        return [] if self.env.GetOption("clean") else [target_fact(self.env), toolchain_node(self.env)]

    @cached_property
    def _python(self) -> list[Any]:
        """The nodes of the board's Python, of its dependencies, and of build-python. Cleaning wheels does not remove
        them."""
        build = self.build
        if self.env.GetOption("clean"):
            return []
        parts = [part.node for part in build.components.closure(("cpython",), "wheels")]
        if build.settings.build_python is not None:
            return [*parts, fact(self.env, "build_python", str(build.settings.build_python))]
        return [*parts, build.components.find(BUILD_PYTHON, "wheels").node]


def _remarking(make: Callable[[], WheelReport], remark: str) -> Callable[[], WheelReport]:
    """A function that makes a wheel as `make` does, and adds a remark to its report."""

    def made() -> WheelReport:
        report = make()
        return replace(report, remarks=(*report.remarks, remark))

    return made


def _require_in_bundle(build: Build, libraries: Sequence[BuiltComponent], package: LockedPackage) -> None:
    """Check that a bundle which was declared before has the components that a wheel leaves to it.
    Raises ConfigurationError."""
    if build.declared.shipped is None:
        return
    lacking = [library.recipe.name for library in libraries if library.recipe.name not in build.declared.shipped]
    if lacking:
        raise ConfigurationError(
            f"env.Bundle() was called before env.Wheels(),"
            f" and lacks libraries that {package.name} expects in it (libraries=bundle, or loads in its override)",
            found=f"a bundle without {', '.join(lacking)}",
            next=f"call env.Wheels() first, or env.Bundle(also={lacking})",
        )


def _libc_of(build: Build) -> Libc | None:
    """The board's libc, or the toolchain's where the target does not tell; None: not known yet under -n."""
    if build.settings.target.libc_baseline:
        return build.settings.target.libc_baseline
    toolchain = find_toolchain(build)
    return toolchain.libc if toolchain is not None else None
