"""A lock for several boards is the sum of its parts, in any order."""

from __future__ import annotations

from typing import Any

from crosspython.wheels.resolving.boards import environments_of, join, part_of

ARM, RISCV = "platform_machine == 'armv7l' and os_name == 'posix'", "platform_machine == 'riscv64'"


def lock(environment: str, *packages: dict[str, Any], python: str = "==3.13.*") -> dict[str, Any]:
    return {
        "lock-version": "1.0",
        "environments": [environment],
        "requires-python": python,
        "tool": {"crosspython": {"machine": environment}},
        "packages": list(packages),
    }


SAME, MINE, YOURS = {"name": "a", "version": "1"}, {"name": "b", "version": "1"}, {"name": "b", "version": "2"}


def test_what_is_joined_comes_apart_again() -> None:
    arm, riscv = lock(ARM, SAME, MINE), lock(RISCV, SAME, YOURS)
    both = join(riscv, arm)
    assert environments_of(both) == [ARM, RISCV]
    assert [entry.get("marker") for entry in both["packages"]] == [None, ARM, RISCV]
    assert (part_of(both, ARM), part_of(both, RISCV), part_of(both, "other")) == (arm, riscv, None)


def test_a_part_takes_the_place_of_its_own_former_one() -> None:
    both = join(lock(RISCV, SAME), join(lock(ARM, SAME, MINE), {}))
    again = join(lock(ARM, SAME, YOURS), both)
    assert part_of(again, ARM) == lock(ARM, SAME, YOURS)
    assert part_of(again, RISCV) == lock(RISCV, SAME)


def test_a_package_of_two_boards_among_three_has_the_marker_of_both() -> None:
    three = join(lock("os_name == 'x'"), join(lock(ARM, MINE), lock(RISCV, MINE)))
    [entry] = three["packages"]
    assert entry["marker"] == f"{RISCV} or {ARM}"
    assert part_of(three, "os_name == 'x'") == lock("os_name == 'x'")


def test_several_pythons_are_told_by_the_environments_alone() -> None:
    assert "requires-python" not in join(lock(RISCV, python="==3.11.*"), lock(ARM))
