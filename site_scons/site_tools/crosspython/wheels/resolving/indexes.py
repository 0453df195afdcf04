"""The indexes that packages come from. uv does not read pip's configuration, so this module passes it to uv.

Knows pip's options about indexes, and uv's names for them. It asks pip for its configuration; it asks an index only why
a package was not found. It contains no addresses.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from crosspython.errors import hide_logins
from crosspython.run.asking import ask_program
from crosspython.store.access import OPEN, Access, login_in
from crosspython.store.places import local_path

_PATIENCE = 60  # seconds
# `pip config list`: global.index-url='...', install.pre='1', :env:.find-links='...'
_LINE = re.compile(r"(?P<section>[^.=]+)\.(?P<key>[A-Za-z_-]+)=(?P<value>.*)")
# pip(1), Configuration: a command's own section overrides [global], and the environment overrides both.
_SECTIONS = ("global", "install", ":env:")
# The build machine's network settings that uv reads from the environment, and those of cargo.
_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "HOME", "CARGO_HOME", "RUSTUP_HOME"),
)


@dataclass(frozen=True)
class Indexes:
    """uv's options and environment for the indexes that pip would use; places: their addresses

    access: the settings for downloading files of these indexes
    remarks: remarks for the user
    """

    options: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    access: Access = OPEN
    remarks: tuple[str, ...] = ()

    @property
    def has_default(self) -> bool:
        """Whether packages are searched in uv's default index, because no other index replaces it."""
        return not {"--default-index", "--no-index"}.intersection(self.options)

    def show(self) -> str:
        """The addresses without passwords, for messages."""
        return ", ".join(hide_logins(place) for place in self.places)

    def refusals(self, name: str) -> list[str]:
        """The answers of indexes that refuse access to a package. uv treats them as "not found"."""
        import requests

        found = []
        for place in self.places:
            if not place.startswith(("http://", "https://")):
                continue
            address = f"{place.rstrip('/')}/{name}/"
            with suppress(requests.RequestException):
                answer = requests.head(address, timeout=_PATIENCE, allow_redirects=True, **self.access.options(address))
                if answer.status_code in (401, 403):
                    found.append(f"{hide_logins(place)} answers {answer.status_code} {answer.reason}".rstrip())
        return found


def read_pip_configuration(path: str) -> dict[str, str]:
    """pip's options on this machine, by name; empty without a pip.

    path: the PATH on which pip is searched if this Python has none
    """
    pip = shutil.which("pip3", path=path) or shutil.which("pip", path=path)
    for command in ([sys.executable, "-m", "pip"], [pip] if pip else []):
        if command and (answer := ask_program([*command, "config", "list"])):
            return parse_configuration(answer)
    return {}


def parse_configuration(text: str) -> dict[str, str]:
    """The options in the output of `pip config list`, each once, with the value of highest priority."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match and match["section"] in found:
            try:
                value = str(ast.literal_eval(match["value"]))
            except (ValueError, SyntaxError):
                value = match["value"]
            found[match["section"]][match["key"].lower().replace("_", "-")] = value
    return {key: value for section in _SECTIONS for key, value in found[section].items()}


def indexes_for_uv(
    configuration: Mapping[str, str],
    environment: Mapping[str, str],
    given: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Indexes:
    """uv's options for pip's. All indexes are equal, as they are for pip.

    environment: the build machine's, for its proxies and certificates
    given: pip's options in requirements files, by the same names: they replace the index, or add further ones
    """

    def values(name: str) -> list[str]:
        configured = configuration.get(name, "").split()
        return list(given.get(name, configured)) if name == "index-url" else [*configured, *given.get(name, ())]

    options: list[str] = ["--index-strategy", "unsafe-best-match"]
    places: list[str] = []
    remarks: list[str] = []
    for option, names in (
        ("--default-index", "index-url"),
        ("--index", "extra-index-url"),
        ("--find-links", "find-links"),
    ):
        for place in values(names):
            path = local_path(place)
            if path is not None:
                place = str(path.expanduser())
                if not path.expanduser().exists():  # pip ignores a missing folder; uv would fail
                    remarks.append(f"{names}: there is no {place}, so no packages are searched there")
                    continue
            options += [option, place]
            places.append(place)
    if any(map(_is_on, values("no-index"))):
        options.append("--no-index")
    elif not values("index-url"):
        places.insert(0, "the default index")
    unverified = values("trusted-host")
    for host in unverified:
        options += ["--allow-insecure-host", host]
    if any(map(_is_on, values("pre"))):
        options += ["--prerelease", "allow"]
    network = {name: environment[name] for name in _NETWORK if name in environment}
    if cert := configuration.get("cert"):
        network["SSL_CERT_FILE"] = cert
    client = configuration.get("client-cert")
    if client:
        network["SSL_CLIENT_CERT"] = client
    proxy = configuration.get("proxy")
    if proxy:
        network |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    if timeout := configuration.get("timeout", configuration.get("default-timeout")):
        network["UV_HTTP_TIMEOUT"] = timeout
    access = Access(
        logins=dict(filter(None, map(login_in, places))),
        unverified=frozenset(unverified),
        trusted=network.get("SSL_CERT_FILE"),
        client=client,
        proxies=dict.fromkeys(("http", "https"), proxy) if proxy else {},
    )
    return Indexes(tuple(options), tuple(places), network, access, tuple(remarks))


def _is_on(value: str) -> bool:
    return value.strip().lower() in ("1", "true", "yes", "on", "y", "t")
