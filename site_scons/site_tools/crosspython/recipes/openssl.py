"""The kind of OpenSSL, with a Configure of its own, a Perl script whose target names are not triplets."""

from __future__ import annotations

from msgspec import field

from crosspython.errors import ConfigurationError
from crosspython.recipes.kind import Component, Steps, Strings, Variables
from crosspython.recipes.plan import Make, Plan, Run
from crosspython.targets import Target

# Configurations/10-main.conf. With the right one the assembler code builds, and `no-asm` is not needed.
TARGETS = {
    "aarch64": "linux-aarch64",
    "armv6l": "linux-armv4",
    "armv7l": "linux-armv4",
    "i686": "linux-x86",
    "ppc64le": "linux-ppc64le",
    "riscv64": "linux64-riscv64",
    "s390x": "linux64-s390x",
    "x86_64": "linux-x86_64",
}


def openssl_target(machine: str) -> str:
    """OpenSSL's name for a machine (`uname -m`). Raises ConfigurationError for one that it has no name for."""
    if machine not in TARGETS:
        raise ConfigurationError(
            f"openssl: no Configure target is known for machine {machine!r}",
            expected=f"one of {', '.join(TARGETS)}",
            next="add it to TARGETS in recipes/openssl.py, from OpenSSL's Configurations/10-main.conf",
        )
    return TARGETS[machine]


class OpenSSL(Component, frozen=True, kw_only=True):
    """Configure with the target's cross prefix, make, make install_sw.

    /etc/ssl is the board's own: certificates installed there by the system are found.
    destdir: what its Makefile calls the folder in front of the prefix
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
        configure = ("perl", "./Configure", openssl_target(target.machine), "--cross-compile-prefix={triplet}-")
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
