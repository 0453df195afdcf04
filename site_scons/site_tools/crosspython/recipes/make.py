"""Planner of the plain kind: a Makefile and no configure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosspython.recipes.autoconf import CROSS_TOOLS
from crosspython.recipes.plan import Make, Plan, Step


def plan_make(
    *,
    make: Sequence[str] = (),
    install: Sequence[str] | None = ("install",),
    environment: Mapping[str, str] | None = None,
    steps: Sequence[Step] = (),
    after: Sequence[Step] = (),
    cwd: str = "{build}",
    tools: Sequence[str] = (),
) -> Plan:
    """make, make install. `install=None` where the Makefile cannot install; `after` then does it."""
    variables = tuple(f"{name}={value}" for name, value in CROSS_TOOLS.items() if name in ("CC", "AR", "RANLIB"))
    run = [*steps, Make("make", (*variables, *make), cwd=cwd)]
    if install is not None:
        run.append(Make("install", (*variables, "DESTDIR={stage}", "PREFIX={prefix}", *install), cwd=cwd))
    return Plan(steps=(*run, *after), tools=("make", *tools), env={**CROSS_TOOLS, **(environment or {})})
