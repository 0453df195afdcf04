"""The address of a scheduler, as Dask writes it, and the rule that a network between machines is encrypted."""

from __future__ import annotations

import re

from crosspython.errors import ConfigurationError

_ADDRESS = re.compile(r"(?P<protocol>tcp|tls)://(?P<host>\[[0-9a-f:]+\]|[\w.-]+):\d+")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]")


def require_address(address: str, what: str) -> str:
    """The address, if a scheduler may be used at it. what: names it for the user. Raises ConfigurationError.

    Whoever reaches a scheduler can run programs on all its workers; without TLS, this may only be the same machine.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ConfigurationError(
            f"{what}: not the address of a scheduler", expected="tls://HOST:PORT, or tcp://127.0.0.1:PORT"
        )
    if found["protocol"] == "tcp" and not is_loopback(address):
        raise ConfigurationError(
            f"{what}: not encrypted, and not on this machine",
            expected="tls://, with certificates: whoever reaches the scheduler can run programs on its workers",
            next="docs/farm.md, Certificates",
        )
    return address


def is_loopback(address: str) -> bool:
    """Whether a valid address is one of this machine's own, which no other machine can reach."""
    found = _ADDRESS.fullmatch(address)
    return found is not None and _LOOPBACK.fullmatch(found["host"]) is not None
