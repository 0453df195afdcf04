"""Planners of the kinds whose front is a `configure` script: autoconf's own, and hand-written ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosspython.recipes.plan import Answers, Autoreconf, Make, Plan, Run, Step

# What a cross-compiling configure gets: names only, found on the component's PATH, so that no path lands in a product.
CROSS_TOOLS = {
    "CC": "{triplet}-gcc",
    "CXX": "{triplet}-g++",
    "CPP": "{triplet}-gcc -E",
    "AR": "{triplet}-ar",
    "RANLIB": "{triplet}-ranlib",
    "NM": "{triplet}-nm",
    "STRIP": "{triplet}-strip",
    "OBJCOPY": "{triplet}-objcopy",
    "READELF": "{triplet}-readelf",
    "LD": "{triplet}-ld",
}


def plan_autoconf(
    *,
    configure: Sequence[str] = (),
    make: Sequence[str] = (),
    install: Sequence[str] | None = ("install",),
    environment: Mapping[str, str] | None = None,
    steps: Sequence[Step] = (),
    after: Sequence[Step] = (),
    triplet: bool = True,
    tools: Sequence[str] = (),
) -> Plan:
    """configure, make, make install.

    triplet:    False for a hand-written configure that knows no --host and takes CHOST and CC from the environment
    steps:      after configure, before make (edits of generated files)
    install:    None where `make install` would do more than is wanted; `after` then does it
    after:      after the installation
    """
    host = ("--build={build_triplet}", "--host={triplet}") if triplet else ()
    configure_env = {"CONFIG_SITE": "{answers}"} if triplet else {"CHOST": "{triplet}"}
    first: tuple[Step, ...] = (Autoreconf(), Answers()) if triplet else ()
    return Plan(
        steps=(
            *first,
            Run("configure", ("./configure", *host, "--prefix={prefix}", *configure), env=configure_env),
            *steps,
            Make("make", tuple(make)),
            *(() if install is None else (Make("install", ("DESTDIR={stage}", *install)),)),
            *after,
        ),
        tools=("make", *tools),
        env={**CROSS_TOOLS, **(environment or {})},
    )
