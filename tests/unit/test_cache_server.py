"""The cache's server: what it can do to us is a miss or a trouble, never a wrong product and never a long wait."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import Interrupted
from crosspython.run.signals import Stop
from crosspython.store import cache_server as module
from crosspython.store.artifacts import CacheTrouble, Record
from crosspython.store.cache_server import CacheServer

from tests.unit.loopback import reply, server

KEY = "ab" * 32
DATA = bytes(range(256)) * 800
RECORD = Record(hashlib.sha256(DATA).hexdigest(), len(DATA)).as_text().encode()


def base(url: str) -> str:
    return url.rpartition("/")[0] + "/cache"


@contextmanager
def cache(answer: Callable[[Any, int], None]) -> Iterator[tuple[CacheServer, Any]]:
    with server(answer) as (url, asked):
        yield CacheServer(base(url), writes=True, timeout=(1.0, 0.3)), asked


def whole(handler: Any, number: int) -> None:
    reply(handler, RECORD if "/ac/" in handler.path else DATA)


def broken_object(data: bytes, **options: Any) -> Callable[[Any, int], None]:
    return lambda handler, _: reply(handler, RECORD) if "/ac/" in handler.path else reply(handler, data, **options)


def test_a_product_comes_by_bazels_paths(tmp_path: Path) -> None:
    with cache(whole) as (layer, asked):
        assert layer.take(KEY, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert asked.paths == [f"/cache/ac/{KEY}", f"/cache/cas/{hashlib.sha256(DATA).hexdigest()}"]
    assert [path.name for path in tmp_path.iterdir()] == ["part"]


def test_an_unknown_key_is_a_miss(tmp_path: Path) -> None:
    with cache(lambda handler, _: reply(handler, b"", 404)) as (layer, asked):
        assert not layer.take(KEY, tmp_path / "part")
    assert len(asked) == 1


def test_bytes_that_the_server_forgot_are_a_miss(tmp_path: Path) -> None:
    with cache(broken_object(b"", code=404)) as (layer, _):
        assert not layer.take(KEY, tmp_path / "part")


def test_a_500_is_asked_once(tmp_path: Path) -> None:
    with cache(lambda handler, _: reply(handler, b"", 500)) as (layer, asked):
        with pytest.raises(CacheTrouble, match="500"):
            layer.take(KEY, tmp_path / "part")
        assert len(asked) == 1


def test_a_page_instead_of_a_record_is_refused(tmp_path: Path) -> None:
    with (
        cache(lambda handler, _: reply(handler, b"<html>please log in</html>")) as (layer, _),
        pytest.raises(CacheTrouble, match="damaged record"),
    ):
        layer.take(KEY, tmp_path / "part")


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    damaged = DATA[:-1] + b"?"
    with cache(broken_object(damaged)) as (layer, _), pytest.raises(CacheTrouble, match="damaged") as caught:
        layer.take(KEY, tmp_path / "part")
    assert not caught.value.lasting


def test_truncated_bytes_are_refused(tmp_path: Path) -> None:
    def answer(handler: Any, number: int) -> None:
        if "/ac/" in handler.path:
            reply(handler, RECORD)
            return
        reply(handler, DATA[:1000], length=len(DATA))
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    with cache(answer) as (layer, _), pytest.raises(CacheTrouble):
        layer.take(KEY, tmp_path / "part")


def test_bytes_without_a_length_that_end_early_are_refused(tmp_path: Path) -> None:
    def answer(handler: Any, number: int) -> None:
        if "/ac/" in handler.path:
            reply(handler, RECORD)
            return
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(DATA[:1000])

    with cache(answer) as (layer, _), pytest.raises(CacheTrouble, match="damaged"):
        layer.take(KEY, tmp_path / "part")


def test_a_server_that_hangs_costs_its_timeout_once(tmp_path: Path) -> None:
    release = threading.Event()
    with cache(lambda *_: release.wait(10) and None) as (layer, asked):
        begin = time.monotonic()
        with pytest.raises(CacheTrouble, match="no answer in time"):
            layer.take(KEY, tmp_path / "part")
        assert time.monotonic() - begin < 2
        release.set()
    assert len(asked) == 1


def test_a_server_that_trickles_is_given_up(tmp_path: Path) -> None:
    def answer(handler: Any, number: int) -> None:
        if "/ac/" in handler.path:
            reply(handler, RECORD)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(DATA)))
        handler.end_headers()
        for _ in range(200):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)

    with cache(answer) as (layer, _):
        begin = time.monotonic()
        with pytest.raises(CacheTrouble, match="almost nothing"):
            layer.take(KEY, tmp_path / "part")
        assert time.monotonic() - begin < 3


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    layer = CacheServer(f"http://127.0.0.1:{port}", writes=True)
    with pytest.raises(CacheTrouble, match="refused"):
        layer.take(KEY, tmp_path / "part")
    (tmp_path / "product").write_bytes(DATA)
    with pytest.raises(CacheTrouble, match="accepts no uploads"):
        layer.keep(KEY, tmp_path / "product")


def test_bytes_leave_before_their_record(tmp_path: Path) -> None:
    (tmp_path / "product").write_bytes(DATA)
    with cache(lambda handler, _: reply(handler, b"", 201)) as (layer, asked):
        layer.keep(KEY, tmp_path / "product")
    assert [path.split("/")[2] for path in asked.paths] == ["cas", "ac"]


@pytest.mark.parametrize("code", [401, 403, 405, 500, 507])
def test_a_refused_upload_is_told(tmp_path: Path, code: int) -> None:
    (tmp_path / "product").write_bytes(DATA)
    with (
        cache(lambda handler, _: reply(handler, b"", code)) as (layer, _),
        pytest.raises(CacheTrouble, match=str(code)),
    ):
        layer.keep(KEY, tmp_path / "product")


def test_a_stop_ends_an_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "product").write_bytes(DATA)
    stop = Stop()
    stop.request("asked to")
    monkeypatch.setattr(module, "STOP", stop)
    with cache(lambda handler, _: reply(handler, b"", 201)) as (layer, _), pytest.raises(Interrupted):
        layer.keep(KEY, tmp_path / "product")
    stop.close()


def test_the_password_of_an_address_is_never_shown() -> None:
    assert "secret" not in CacheServer("https://me:secret@cache.example").name
