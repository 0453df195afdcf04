"""Wheels that hypothesis makes go both ways, as built ones and as ready ones: what comes out is right in the eyes of
pip, uv, installer and wheel, or the wheel was refused by name. benchmarks/generated_wheels.py tries 10,000."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from crosspython.errors import CrosspythonError
from crosspython.targets import load_target
from crosspython.wheels.house.index import write_index
from crosspython.wheels.repairing.repair import Repair, finish_wheel, take_ready
from hypothesis import HealthCheck, given, settings
from packaging.utils import canonicalize_name

from tests.unit.generated_wheels import SUFFIX, MadeWheel, broken_wheels, valid_wheels
from tests.unit.installers import INSTALLERS, verify_with_installer, verify_with_wheel
from tests.unit.made_wheel import TOOLCHAIN, make_repair

BOARD = {
    "target": load_target("rk3568", Path()),
    "toolchain": replace(TOOLCHAIN, triplet="aarch64-linux-gnu", prefix="/nowhere/bin/aarch64-linux-gnu-"),
    "suffix": SUFFIX,
}
QUICK = tuple(name for name in INSTALLERS if name != "uv")
# The same ones in each run: others are for the 10,000.
usual = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


def repair_for(made: MadeWheel, folder: Path) -> Repair:
    return make_repair(folder, canonicalize_name(made.name), made.version, **BOARD)


def send(made: MadeWheel, folder: Path, way: str) -> Path:
    """The product of one of the two ways. Raises CrosspythonError."""
    wheel = made.write(folder / "made")
    house = folder / way
    product = house / "product.part-of-test"
    if way == "ready":
        report = take_ready(wheel, wheel.name, product, repair_for(made, folder))
        assert product.read_bytes() == wheel.read_bytes()
    else:
        report = finish_wheel(wheel, product, repair_for(made, folder))
    product = product.rename(house / report.filename)
    write_index(house)
    return product


def require_right(product: Path, folder: Path, installers: Iterable[str]) -> None:
    """All installers take it, and install the same files."""
    results = {name: INSTALLERS[name](product, folder / name) for name in installers}
    first, *others = results.items()
    for name, result in others:
        assert result == first[1], f"{name} and {first[0]} differ: {set(result.items()) ^ set(first[1].items())}"


def require_right_or_refused(made: MadeWheel, way: str, installers: Iterable[str]) -> bool:
    """Whether it was taken."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            product = send(made, folder, way)
        except CrosspythonError as error:
            assert made.faults, f"a valid wheel was refused: {error}"
            assert made.distribution in str(error).lower() or canonicalize_name(made.name) in str(error).lower()
            return False
        if way == "built":  # a ready wheel's RECORD may be written as only pip and the standard take it
            verify_with_installer(product)
            verify_with_wheel(product)
        require_right(product, folder, installers)
        return True


@pytest.mark.parametrize("way", ["ready", "built"])
@settings(usual, max_examples=25)
@given(made=valid_wheels())
def test_a_valid_wheel_is_taken_and_installed_alike_by_all(made: MadeWheel, way: str) -> None:
    assert require_right_or_refused(made, way, QUICK)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("way", ["ready", "built"])
@settings(usual, max_examples=75)
@given(made=broken_wheels())
def test_a_broken_wheel_is_right_or_refused(made: MadeWheel, way: str) -> None:
    require_right_or_refused(made, way, QUICK)
