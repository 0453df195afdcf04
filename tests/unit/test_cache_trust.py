"""Signed records of the cache's server: a record without a trusted signature counts as missing, with a warning."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import SignatureError
from crosspython.store.artifacts import Artifacts, CacheTrouble, Record
from crosspython.store.cache_server import CacheServer
from crosspython.store.cache_trust import CacheTrust
from crosspython.store.signing import CACHE, STATEMENT, Signer, Signers
from msgspec.structs import replace

from tests.unit.loopback import serving
from tests.unit.made_key import list_signers, make_key
from tests.unit.made_server import KeepingHandler

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
DATA = b"product"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of ci and of a stranger, and a list of signers with ci alone."""
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "ci")
    make_key(folder / "stranger")
    list_signers(folder / "signers", ci=folder / "ci")
    return folder


def put(address: str, tmp_path: Path, key: Path | None) -> None:
    product = tmp_path / "product"
    product.write_bytes(DATA)
    trust = CacheTrust("ci@build, crosspython", Signer(key) if key else None)
    CacheServer(address, writes=True, trust=trust).keep(KEY, product)


def get(address: str, tmp_path: Path, signers: Path, key: str = KEY) -> bool:
    return CacheServer(address, trust=CacheTrust(signers=Signers(signers))).take(key, tmp_path / "part")


def test_what_a_signer_wrote_is_taken(tmp_path: Path, keys: Path) -> None:
    with serving(KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "ci")
        assert get(address, tmp_path, keys / "signers")
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_record_says_who_and_what_made_it(tmp_path: Path, keys: Path) -> None:
    with serving(handler := KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "ci")
    record = Record.read(handler.things[f"/ac/{KEY}"].decode())
    assert record.maker == "ci@build, crosspython" and record.sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(("who", "says"), [("stranger", "its signer is not in that list"), (None, "has no signature")])
def test_what_others_wrote_is_refused(tmp_path: Path, keys: Path, who: str | None, says: str) -> None:
    with serving(KeepingHandler.new()) as address:
        put(address, tmp_path, keys / who if who else None)
        with pytest.raises(CacheTrouble, match=says) as caught:
            get(address, tmp_path, keys / "signers")
    assert not caught.value.lasting and not (tmp_path / "part").exists()


@pytest.mark.parametrize(
    "change", [{"sha256": hashlib.sha256(b"other").hexdigest()}, {"size": 5}, {"maker": "me"}, {"signature": "x"}]
)
def test_a_changed_record_is_refused(tmp_path: Path, keys: Path, change: dict[str, Any]) -> None:
    with serving(handler := KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "ci")
        record = json.loads(handler.things[f"/ac/{KEY}"])
        handler.things[f"/ac/{KEY}"] = json.dumps(record | change).encode()
        with pytest.raises(CacheTrouble, match="is not valid"):
            get(address, tmp_path, keys / "signers")


def test_a_signed_record_under_another_key_is_refused(tmp_path: Path, keys: Path) -> None:
    with serving(handler := KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "ci")
        handler.things[f"/ac/{OTHER_KEY}"] = handler.things[f"/ac/{KEY}"]
        with pytest.raises(CacheTrouble, match="the data was changed"):
            get(address, tmp_path, keys / "signers", OTHER_KEY)


def test_changed_bytes_behind_a_signed_record_are_refused(tmp_path: Path, keys: Path) -> None:
    with serving(handler := KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "ci")
        handler.things[f"/cas/{hashlib.sha256(DATA).hexdigest()}"] = b"poison!"
        with pytest.raises(CacheTrouble, match="damaged"):
            get(address, tmp_path, keys / "signers")


def test_a_refused_record_costs_one_warning_and_a_build(tmp_path: Path, keys: Path) -> None:
    said: list[str] = []
    with serving(KeepingHandler.new()) as address:
        put(address, tmp_path, keys / "stranger")
        layer = CacheServer(address, trust=CacheTrust(signers=Signers(keys / "signers")))
        artifacts = Artifacts([layer], said.append)
        assert artifacts.get(KEY, tmp_path / "x") is None and artifacts.get(KEY, tmp_path / "x") is None
    assert len(said) == 1 and "building instead" in said[0]


def test_a_signature_for_something_else_does_not_hold(keys: Path) -> None:
    signature = Signer(keys / "ci").sign(b"x", STATEMENT)
    assert Signers(keys / "signers").name_of(b"x", signature, STATEMENT) == "ci"
    with pytest.raises(SignatureError):
        Signers(keys / "signers").name_of(b"x", signature, CACHE)


def test_a_key_that_cannot_sign_costs_a_warning(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key\n")
    with pytest.raises(CacheTrouble, match="nothing can be signed with it"):
        CacheTrust(signer=Signer(tmp_path / "key")).stamp(KEY, Record("00" * 32, 1))


@pytest.mark.slow
def test_a_key_with_a_passphrase_fails_instead_of_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", tmp_path / "key"], check=True)
    with pytest.raises(SignatureError, match="nothing can be signed"):
        Signer(tmp_path / "key").sign(b"x", CACHE)


def test_records_without_a_maker_are_read_as_before() -> None:
    record = Record("00" * 32, 1)
    assert Record.read(record.as_text()) == record
    assert "maker" not in record.as_text()
    assert record.names(replace(record, maker="x"))
