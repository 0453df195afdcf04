"""The address of a board: the values that `board=` accepts."""

from __future__ import annotations

import re

import msgspec

from crosspython.errors import ConfigurationError

_FORM = re.compile(
    r"(?:(?P<user>[\w.-]+)@)?(?:\[(?P<six>[0-9a-fA-F:.%\w]+)\]|(?P<host>[\w.-]+))(?::(?P<port>\d{1,5}))?"
)


class Address(msgspec.Struct, frozen=True):
    """A user, a machine and a port; what was not given, ssh's own configuration says."""

    host: str
    user: str | None = None
    port: int | None = None

    @property
    def user_and_host(self) -> str:
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def arguments(self) -> list[str]:
        """The arguments for ssh."""
        return [*(["-p", str(self.port)] if self.port else []), self.user_and_host]

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{f'{self.user}@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}"


def parse_address(text: str) -> Address:
    """Read USER@HOST:PORT; user and port may be left out, an IPv6 address stands in brackets.
    Raises ConfigurationError."""
    match = _FORM.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (match["host"] or "").startswith("-") or (port is not None and not 0 < port < 65536):
        raise ConfigurationError(
            f"board={text}: not an address" if text else "no board was named",
            expected="board=USER@HOST or board=USER@HOST:PORT, such as root@192.168.1.10 or root@[fe80::1]:2222",
            found=text or "nothing",
        )
    return Address(match["six"] or match["host"], match["user"], port)
