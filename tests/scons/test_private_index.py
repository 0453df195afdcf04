"""`scons wheels` from an index that wants a password, or has certificates of its own:
as pip is configured, and no secret told."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from crosspython.wheels.house.index import write_index

from tests.scons.test_wheels import Wheels
from tests.unit.loopback import serving
from tests.unit.made_packages import add_wheel

USER, PASSWORD = "me", "s/cret@word"
TYPED = "s%2Fcret%40word"


class Guarded(SimpleHTTPRequestHandler):
    """Serves a folder to those who know the password."""

    def do_GET(self) -> None:
        if self.is_known():
            super().do_GET()

    def do_HEAD(self) -> None:
        if self.is_known():
            super().do_HEAD()

    def is_known(self) -> bool:
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {wanted}":
            return True
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="wheels"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def log_message(self, *_: object) -> None:
        pass


class Private(Wheels):
    """A project whose pip has an index of its own."""

    pip: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {key: value for key, value in super().environment.items() if not key.startswith("PIP_")} | self.pip


@pytest.fixture
def private(tmp_path: Path) -> Private:
    project = Private(tmp_path / "project")
    add_wheel(project.links, "top", needs=["below"])
    add_wheel(project.links, "below", "1.5")
    write_index(project.links)
    return project


@pytest.fixture
def index(private: Private) -> Iterator[str]:
    with serving(partial(Guarded, directory=str(private.links))) as address:  # type: ignore[arg-type]
        yield address.partition("://")[2]


def secrets_told(private: Private, output: str) -> list[str]:
    """The places with the password, as it is or as it was typed."""
    files = [path for path in private.folder.joinpath("build").rglob("*") if path.is_file()]
    texts = {"the output": output} | {str(path): path.read_text(errors="replace") for path in files}
    return [name for name, text in texts.items() if PASSWORD in text or TYPED in text]


def test_a_password_in_the_indexs_address_opens_its_files_too(private: Private, index: str) -> None:
    private.pip = {"PIP_INDEX_URL": f"http://{USER}:{TYPED}@{index}/simple/"}
    output = private.make("pkgs=top")
    assert private.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    assert secrets_told(private, output) == []


def test_a_lock_without_a_password_is_enough_for_who_has_it(private: Private, index: str) -> None:
    private.pip = {"PIP_INDEX_URL": f"http://{USER}:{TYPED}@{index}/simple/"}
    private.make("pkgs=top", "cache=none", "downloads=one")
    private.scons("-c", "wheels", "pkgs=top", f"lock={private.lock}")
    private.make(f"lock={private.lock}", "cache=none", "downloads=another")
    assert len(private.filenames()) == 2


def test_a_wrong_password_is_told_and_not_shown(private: Private, index: str) -> None:
    private.pip = {"PIP_INDEX_URL": f"http://{USER}:wrong%2Fword@{index}/simple/"}
    output = private.make("pkgs=top", code=2)
    assert "an index refuses access" in output
    assert f"http://***@{index}/simple/ answers 401 Unauthorized" in output
    assert "wrong%2Fword" not in output


def test_an_index_that_lets_us_in_and_has_no_such_package_is_told_so(private: Private, index: str) -> None:
    private.pip = {"PIP_INDEX_URL": f"http://{USER}:{TYPED}@{index}/simple/"}
    assert "no such package: absent" in private.make("pkgs=absent", code=2)


def test_the_indexs_own_authority_counts_for_its_files_too(private: Private, tmp_path: Path) -> None:
    authority, context = certify(tmp_path)
    with serving(partial(Guarded, directory=str(private.links)), context) as address:  # type: ignore[arg-type]
        place = address.partition("://")[2]
        private.pip = {"PIP_INDEX_URL": f"https://{USER}:{TYPED}@{place}/simple/", "PIP_CERT": str(authority)}
        private.make("pkgs=top")
        assert len(private.filenames()) == 2


def certify(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """An authority's certificate, and a server on loopback that has one from it."""
    authority, server = folder / "authority.pem", folder / "server.pem"
    new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    for command in (
        f"{new} -subj /CN=authority -keyout {authority}.key -out {authority} -addext keyUsage=keyCertSign",
        f"{new} -subj /CN=server -CA {authority} -CAkey {authority}.key -keyout {server}.key -out {server}"
        " -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE",
    ):
        subprocess.run(command.split(), check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server, f"{server}.key")
    return authority, context


def test_an_index_may_stand_in_a_requirements_file(private: Private, index: str) -> None:
    """pip-compile writes it there, with variables for the password;
    its files are fetched with it in later runs, too."""
    private.pip = {"INDEX_LOGIN": f"{USER}:{TYPED}"}
    (private.folder / "requirements.txt").write_text(f"--index-url http://${{INDEX_LOGIN}}@{index}/simple/\ntop\n")
    output = private.make("pkgs=@requirements.txt", "lock=pylock.toml")
    assert private.filenames() == {"top-1.0-py3-none-any.whl", "below-1.5-py3-none-any.whl"}
    private.scons("-c", "wheels", "lock=pylock.toml")
    private.make("pkgs=@requirements.txt", "lock=pylock.toml", "downloads=another")
    assert secrets_told(private, output) == []
