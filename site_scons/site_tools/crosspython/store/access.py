"""How to connect to a server: with which login, and which certificates are trusted.

Knows how requests names these settings, and not where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Access:
    """Settings for the servers that files come from. Without any, requests' own hold:
    its CAs, netrc, proxies of the environment.

    logins:     user and password, by host, or host:port, as an address names it
    unverified: hosts whose certificates are not verified
    trusted:    a file with the certificates of the authorities that count
    client:     a file with our own certificate and its key
    proxies:    by scheme
    """

    logins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unverified: frozenset[str] = frozenset()
    trusted: str | None = None
    client: str | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)

    def options(self, url: str) -> dict[str, Any]:
        """What requests.get is told for an address."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        found: dict[str, Any] = {}
        if login := self.logins.get(host):
            found["auth"] = login
        if host in self.unverified or parts.hostname in self.unverified:
            found["verify"] = False
        elif self.trusted:
            found["verify"] = self.trusted
        if self.client:
            found["cert"] = self.client
        if self.proxies:
            found["proxies"] = dict(self.proxies)
        return found


OPEN = Access()
"""For servers that want nothing of the kind."""


def login_in(url: str) -> tuple[str, tuple[str, str]] | None:
    """The host of an address, with the user and password that stand before it (RFC 3986, 3.2.1); None for none."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return (host, (unquote(user), unquote(password))) if user else None
