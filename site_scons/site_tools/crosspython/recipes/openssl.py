"""Planner of OpenSSL's own Configure, a Perl script whose target names are not triplets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosspython.errors import ConfigurationError
from crosspython.recipes.plan import Make, Plan, Run, Step

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


def plan_openssl(
    machine: str,
    *,
    configure: Sequence[str] = (),
    make: Sequence[str] = (),
    install: Sequence[str] = ("install_sw",),
    steps: Sequence[Step] = (),
    after: Sequence[Step] = (),
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """Configure with the target's cross prefix, make, make install_sw.

    /etc/ssl is the board's own: certificates installed there by the system are found.
    """
    options = ("--libdir=lib", "--prefix={prefix}", "--openssldir=/etc/ssl", "shared", "no-tests")
    return Plan(
        steps=(
            Run(
                "configure",
                (
                    "perl",
                    "./Configure",
                    openssl_target(machine),
                    "--cross-compile-prefix={triplet}-",
                    *options,
                    *configure,
                ),
            ),
            *steps,
            Make("make", tuple(make)),
            Make("install", ("DESTDIR={stage}", *install)),
            *after,
        ),
        tools=("make", "perl"),
        env=dict(environment or {}),
    )
