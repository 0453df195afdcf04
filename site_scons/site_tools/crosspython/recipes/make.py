"""The kind for sources with only a Makefile, without configure."""

from __future__ import annotations

from msgspec import field

from crosspython.recipes.fields import Steps, Strings, Variables
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import CROSS_TOOLS, Make, Plan, Step
from crosspython.targets import Target


class MakefileOnly(Component, frozen=True, kw_only=True):
    """make, make install. `install=None` if the Makefile cannot install; then `after` installs."""

    make: Strings = ()
    install: Strings | None = ("install",)
    environment: Variables = field(default_factory=dict)
    steps: Steps = ()
    after: Steps = ()
    cwd: str = "{build}"
    tools: Strings = ()

    def plan(self, target: Target) -> Plan:
        variables = tuple(f"{name}={value}" for name, value in CROSS_TOOLS.items() if name in ("CC", "AR", "RANLIB"))
        run: list[Step] = [*self.steps, Make("make", (*variables, *self.make), cwd=self.cwd)]
        if self.install is not None:
            arguments = (*variables, "DESTDIR={stage}", "PREFIX={prefix}", *self.install)
            run.append(Make("install", arguments, cwd=self.cwd))
        return Plan(steps=(*run, *self.after), tools=("make", *self.tools), env={**CROSS_TOOLS, **self.environment})
