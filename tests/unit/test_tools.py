"""Toolsets: which files meet a package's build requirements on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.store.fetch import Store
from crosspython.wheels.model import LockedCrates, LockedFile, LockedPackage, Toolset, file_of_tool
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.lock import describe_tool_changes, keep_toolsets
from crosspython.wheels.resolving.pylock import Lock
from crosspython.wheels.resolving.resolve import Resolver
from crosspython.wheels.resolving.tools import ToolResolver, build_machine
from packaging.requirements import Requirement

from tests.unit.made_packages import add_sdist, add_wheel, sha256

Resolving = Callable[..., Toolset]


@pytest.fixture
def resolve(tmp_path: Path, links: Path) -> Iterator[Resolving]:
    """Resolves with uv: the tests that do are slow."""
    indexes = Indexes(("--no-index", "--find-links", str(links)), (str(links),))
    with Log(tmp_path / "tools.log") as log:

        def make(requires: Sequence[str], pins: Sequence[str] = (), keep: Mapping[str, str] | None = None) -> Toolset:
            resolver = Resolver(tmp_path / "uv", tmp_path / "cache", indexes, os.environ["PATH"], False, log)
            return ToolResolver(resolver, Store(tmp_path / "store"), "3.13.5", "cp313", keep or {}).resolve(
                requires, pins
            )

        yield make


def files(packages: Sequence[LockedPackage]) -> list[str]:
    return [file_of_tool(package).name for package in packages]


@pytest.mark.slow
def test_a_toolset_has_one_file_for_this_machine_of_each_package(resolve: Resolving, links: Path) -> None:
    add_wheel(links, "backend", needs=["compiler"])
    fitting = add_wheel(links, "compiler", tag=f"cp313-cp313-manylinux_2_17_{build_machine()}")
    add_wheel(links, "compiler")
    add_wheel(links, "compiler", tag=f"cp312-cp312-manylinux_2_17_{build_machine()}")
    add_sdist(links, "compiler", "2.0")
    found = resolve(["backend"])
    assert files(found.packages) == ["backend-1.0-py3-none-any.whl", fitting.name]
    assert found.facts()[1] == ["compiler", "1.0", sha256(fitting)]
    assert (found.machine, found.requires, found.beneath) == (build_machine(), ("backend",), ())


@pytest.mark.slow
def test_versions_stay_where_nothing_is_against_it(resolve: Resolving, links: Path) -> None:
    for version in ("1.0", "1.1", "2.0"):
        add_wheel(links, "tool", version)
    assert resolve(["tool"], keep={"tool": "1.0"}).packages[0].version == "1.0"
    assert resolve(["tool>=1.1"], keep={"tool": "1.0"}).packages[0].version == "2.0"


@pytest.mark.slow
def test_the_headers_version_counts_before_what_a_build_asks_for(resolve: Resolving, links: Path) -> None:
    for version in ("1.0", "2.0"):
        add_wheel(links, "numpy", version)
    assert resolve(["numpy==2.0"], ["numpy==1.0"]).packages[0].version == "1.0"


@pytest.mark.slow
def test_what_has_no_wheel_is_locked_with_what_builds_it(resolve: Resolving, links: Path) -> None:
    add_sdist(links, "tool", build_requires=["below"])
    add_wheel(links, "below", needs=["deeper"])
    add_wheel(links, "deeper")
    found = resolve(["tool"])
    assert files(found.packages) == ["tool-1.0.tar.gz"]
    assert files(found.beneath) == ["below-1.0-py3-none-any.whl", "deeper-1.0-py3-none-any.whl"]


@pytest.mark.slow
@pytest.mark.parametrize(("version", "packages"), [("70.0", ["setuptools", "wheel"]), ("70.1", ["setuptools"])])
def test_an_older_setuptools_will_ask_for_wheel(
    resolve: Resolving, links: Path, version: str, packages: list[str]
) -> None:
    add_wheel(links, "setuptools", version)
    add_wheel(links, "wheel")
    assert [package.name for package in resolve(["setuptools"]).packages] == packages


@pytest.mark.slow
def test_what_no_index_has_is_told(resolve: Resolving) -> None:
    with pytest.raises(StepError, match="build requirements cannot be resolved") as caught:
        resolve(["nowhere>=2"])
    assert caught.value.expected == "nowhere>=2"


def tools(*titles: str, requires: str = "backend") -> Toolset:
    packages = (LockedPackage(*title.split(), wheels=(LockedFile(title, "0" * 64),)) for title in titles)
    return Toolset("x86_64", (requires,), (), tuple(packages))


def test_a_requirement_is_met_by_a_package_of_its_version() -> None:
    found = tools("cython 3.1.0rc1")
    assert found.meets(Requirement("Cython>=3.0"))
    assert not found.meets(Requirement("Cython>=3.2"))
    assert not found.meets(Requirement("meson"))


def test_a_requirement_with_extras_is_met_where_it_was_resolved_with_them() -> None:
    assert tools("setuptools-scm 8.0", requires="setuptools_scm[toml]").meets(Requirement("setuptools_scm[toml]"))
    assert not tools("setuptools-scm 8.0", requires="setuptools_scm").meets(Requirement("setuptools_scm[toml]"))


@pytest.mark.parametrize(
    ("upgrade", "kept", "outdated"),
    [
        ((), ("backend", "other"), ()),
        (("cython",), ("other",), ("backend",)),
        (("all",), (), ("backend", "other")),
    ],
)
def test_an_upgrade_takes_the_toolsets_that_have_the_package(
    upgrade: Sequence[str], kept: Sequence[str], outdated: Sequence[str]
) -> None:
    earlier = Lock({}, (), (tools("cython 3.0"), tools("meson 1.8", requires="other")))
    found = keep_toolsets(Lock({}, ()), earlier, upgrade)
    assert tuple(each.requires[0] for each in found.toolsets) == kept
    assert tuple(each.requires[0] for each in found.outdated) == outdated


@pytest.mark.parametrize(("upgrade", "kept"), [((), ["one", "two"]), (("one",), ["two"]), (("all",), [])])
def test_an_upgrade_takes_the_crates_of_the_package(upgrade: Sequence[str], kept: list[str]) -> None:
    earlier = Lock({}, (), crates=tuple(LockedCrates(name, "", "rustc", {}) for name in ("one", "two")))
    assert [each.package for each in keep_toolsets(Lock({}, ()), earlier, upgrade).crates] == kept


def test_what_changes_is_described_once_for_all_toolsets() -> None:
    before = [tools("cython 3.0"), tools("cython 3.0", requires="other")]
    after = [tools("cython 3.1"), tools("cython 3.1", requires="other"), tools("new 1", requires="new")]
    assert describe_tool_changes(before, after) == ["cython 3.0 -> 3.1, a build requirement"]
