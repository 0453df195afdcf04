"""What a farm's machines tell each other: addresses, orders, and the facts in which they must agree."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from crosspython.builders.farm_wheel import part_of_lock
from crosspython.builders.settings import read_settings
from crosspython.command.main import main
from crosspython.errors import ConfigurationError, StepError
from crosspython.farm.address import is_loopback, require_address
from crosspython.farm.kind import describe_kind, differences
from crosspython.farm.order import FarmAnswer, FarmFailure, FarmOrder
from crosspython.farm.overview import FarmWorker, describe_farm
from crosspython.wheels.model import LockedFile, LockedPackage, Toolset
from crosspython.wheels.resolving.binary import Binary
from crosspython.wheels.resolving.pylock import Lock

from tests.conftest import REPOSITORY

SHARED = {"cache": "http://127.0.0.1:1/py", "cache_write": "all"}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786", "tls://h.x:8786"])
def test_addresses_that_may_be_used(address: str) -> None:
    assert require_address(address, "farm=") == address
    assert is_loopback(address) == address.startswith("tcp")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.1:8786", "not encrypted"),
        ("tcp://127.0.0.1.example:8786", "not encrypted"),
        ("farm.example:8786", "not the address of a scheduler"),
        ("tls://farm.example", "not the address of a scheduler"),
        ("http://127.0.0.1:8786", "not the address of a scheduler"),
    ],
)
def test_addresses_that_are_refused(address: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        require_address(address, f"farm={address}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scheduler", "tcp://10.0.0.1:8786"], "not encrypted"),
        (["--scheduler", "tcp://127.0.0.1:8786", "--cores", "0"], "--cores 0: nothing could be built"),
        (["--scheduler", "tcp://127.0.0.1:8786"], "no cache in which others find what it builds"),
        (["--scheduler", "tcp://127.0.0.1:8786", "cache"], "cache: not a variable with a value"),
    ],
)
def test_a_worker_that_could_not_work_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_farm_needs_a_cache_in_common() -> None:
    with pytest.raises(ConfigurationError, match="no cache in common"):
        read_settings({"farm": "tcp://127.0.0.1:8786", "cache": "http://127.0.0.1:1/py"}, REPOSITORY, os.environ)


def test_only_what_decides_about_a_component_travels() -> None:
    given = {"farm": "tcp://127.0.0.1:8786", "target": "rk3568", "python": "3.13", "slim": "1", **SHARED}
    farm = read_settings(given, REPOSITORY, os.environ).farm
    assert farm is not None
    assert dict(farm.variables) == {"target": "rk3568"}  # 3.13 is the default


@pytest.mark.parametrize(
    ("variables", "product", "words"),
    [
        ({"cache": "/tmp"}, "rv1126/stages/zlib.tar.zst", "the order sets cache"),
        ({}, "../zlib.tar.zst", "a path below the build folder"),
        ({}, "/etc/passwd", "a path below the build folder"),
    ],
)
def test_an_order_sets_and_writes_nothing_else(variables: dict[str, str], product: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        FarmOrder(variables, product, "0" * 64, "0" * 64).require_plain()
    assert words in str(error.value)


def test_what_decides_about_a_wheel_travels_with_a_lock_alone() -> None:
    order = FarmOrder({"libraries": "bundle"}, "rv1126/stages/wheels/x.whl", "0" * 64, "0" * 64, lock="x")
    order.require_plain()
    with pytest.raises(ConfigurationError, match="the order sets libraries"):
        msgspec.structs.replace(order, lock="").require_plain()


def test_a_failure_elsewhere_is_told_as_one_here(tmp_path: Path) -> None:
    there, here = tmp_path / "there/build", tmp_path / "build"
    log = there / "logs/x.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"cc {there}/x.c\n")
    error = StepError(f"{there}/x.c is wrong", evidence=[f"{there}/x.c:1"], log=log, next=f"look at {there}")
    told = msgspec.json.decode(msgspec.json.encode(FarmFailure.of(error, there)), type=FarmFailure)
    brought = told.bring(here)
    assert str(brought) == str(error).replace(str(there), str(here))
    assert (here / "logs/x.log").read_text() == f"cc {here}/x.c\n"


def test_the_log_of_a_failure_stays_in_the_build_folder() -> None:
    failure = FarmFailure("/x", "x", (), None, None, None, "../../.profile", "")
    with pytest.raises(ConfigurationError, match="the answer's log"):
        FarmAnswer("failed", failure=failure).require_plain()


def test_a_wheels_order_has_what_its_build_needs_and_nothing_else() -> None:
    file = LockedFile("x-1.tar.gz", "0" * 64, url="https://x/x-1.tar.gz")
    top, needed, other = (LockedPackage(name, "1", sdist=file) for name in ("top", "needed", "other"))
    tools = [Toolset("x86_64", (name,), (), (top,)) for name in ("a", "b")]
    lock = Lock({"python": "3.13.5"}, (top, needed, other), tuple(tools))
    needs = {"top": ["needed"], "needed": []}

    def part(lock: Lock) -> Lock | None:
        toolsets = {"top": tools[0], "other": tools[1]}
        return part_of_lock(lock, top, lambda package: needs[package.name], toolsets, Binary("never"))

    found = part(lock)
    assert found is not None
    assert (found.packages, found.toolsets) == ((top, needed), (tools[0],))
    assert found.asked == {"python": "3.13.5", "binary": {":all:": "never"}}
    local = LockedPackage("needed", "1", sdist=LockedFile("x-1.tar.gz", "0" * 64, path=Path("/x-1.tar.gz")))
    assert part(Lock(lock.asked, (top, local, other))) is None


def test_machines_say_in_what_they_differ() -> None:
    here = describe_kind()
    assert differences(here, dict(here)) == []
    assert differences(here, {**here, "CPU": "riscv64"}) == [f"its CPU is riscv64, not {os.uname().machine}"]
    assert len(differences(here, {})) == len(here)


def test_a_farm_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["farm", "--scheduler", "tcp://10.0.0.1:8786"]) == 2
    assert "not encrypted" in capsys.readouterr().err


def test_the_workers_of_a_farm_are_described() -> None:
    here = {"CPU": "x86_64"}
    workers = [
        FarmWorker("b-2", 1, 10**9, 1, {"CPU": "riscv64"}, {}),
        FarmWorker("a-1", 8, 16 * 10**9, 8, here, {"x": 65}),
    ]
    assert list(describe_farm("tcp://127.0.0.1:8786", workers, here)) == [
        "tcp://127.0.0.1:8786: 2 workers, 9 cores",
        "  a-1: 8 cores, 16.0 GB, takes 8 orders at once",
        "    CPU x86_64",
        "    builds x since 1 min 05 s",
        "  b-2: 1 core, 1.0 GB, takes 1 order at once",
        "    CPU riscv64",
        "    not used by builds on this machine: its CPU is riscv64, not x86_64",
        "    builds nothing now",
    ]
