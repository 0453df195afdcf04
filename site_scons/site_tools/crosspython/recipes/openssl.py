"""The kind of OpenSSL. Its Configure is a Perl script with its own names for targets, which are not triplets."""

from __future__ import annotations

from msgspec import field

from crosspython.recipes.fields import Steps, Strings, Variables
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import Make, Plan, Run
from crosspython.targets import Target
from crosspython.targets.machines import find_machine


class OpenSSL(Component, frozen=True, kw_only=True):
    """Configure with the target's cross prefix, make, make install_sw.

    Certificates are searched in the board's own /etc/ssl.
    destdir: the make variable for the folder in front of the prefix
    """

    configure: Strings = ()
    make: Strings = ()
    install: Strings = ("install_sw",)
    steps: Steps = ()
    after: Steps = ()
    environment: Variables = field(default_factory=dict)
    destdir: str = "DESTDIR"

    def plan(self, target: Target) -> Plan:
        options = ("--libdir=lib", "--prefix={prefix}", "--openssldir=/etc/ssl", "shared", "no-tests")
        configure = ("perl", "./Configure", find_machine(target.machine).openssl, "--cross-compile-prefix={triplet}-")
        return Plan(
            steps=(
                Run("configure", (*configure, *options, *self.configure)),
                *self.steps,
                Make("make", self.make),
                Make("install", (f"{self.destdir}={{stage}}", *self.install)),
                *self.after,
            ),
            tools=("make", "perl"),
            env=dict(self.environment),
        )
