"""The settings for a connection to a server: the login, and the trusted certificates.

Knows the names that requests uses for these settings, and not where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Access:
    """Settings for the servers that files come from. Where a setting is missing, the defaults of requests apply: its
    CAs, netrc, and the environment's proxies.

    logins:     user and password by host or host:port, as in the address
    unverified: hosts whose certificates are not verified
    trusted:    a file with the certificates of the trusted authorities
    client:     a file with our own certificate and its key
    proxies:    by scheme
    """

    logins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unverified: frozenset[str] = frozenset()
    trusted: str | None = None
    client: str | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)

    def options(self, url: str) -> dict[str, Any]:
        """The keyword arguments of requests.get for an address."""
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
"""For servers that need no settings."""


def login_in(url: str) -> tuple[str, tuple[str, str]] | None:
    """The host of an address, with the user and password that stand before it (RFC 3986, 3.2.1); None for none."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return (host, (unquote(user), unquote(password))) if user else None
