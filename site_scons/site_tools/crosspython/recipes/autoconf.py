"""The kind for sources with a `configure` script, made by autoconf or written by hand."""

from __future__ import annotations

from msgspec import field

from crosspython.recipes.fields import Steps, Strings, Variables
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import CROSS_TOOLS, Answers, Autoreconf, Make, Plan, Run
from crosspython.targets import Target


class Autoconf(Component, frozen=True, kw_only=True):
    """configure, make, make install.

    triplet:    False for a hand-written configure that has no --host, and reads CHOST and CC from the environment
    steps:      steps between configure and make (edits of generated files)
    install:    None if `make install` would install unwanted files; then `after` installs
    after:      steps after the installation
    """

    configure: Strings = ()
    make: Strings = ()
    install: Strings | None = ("install",)
    environment: Variables = field(default_factory=dict)
    steps: Steps = ()
    after: Steps = ()
    triplet: bool = True
    tools: Strings = ()

    def plan(self, target: Target) -> Plan:
        host = ("--build={build_triplet}", "--host={triplet}") if self.triplet else ()
        configure_env = {"CONFIG_SITE": "{answers}"} if self.triplet else {"CHOST": "{triplet}"}
        first: Steps = (Autoreconf(), Answers()) if self.triplet else ()
        return Plan(
            steps=(
                *first,
                Run("configure", ("./configure", *host, "--prefix={prefix}", *self.configure), env=configure_env),
                *self.steps,
                Make("make", self.make),
                *(() if self.install is None else (Make("install", ("DESTDIR={stage}", *self.install)),)),
                *self.after,
            ),
            tools=("make", *self.tools),
            env={**CROSS_TOOLS, **self.environment},
        )
