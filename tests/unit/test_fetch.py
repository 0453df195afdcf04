"""The store: whatever a server does, a file is used only with the right bytes, and a failure names every place."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from crosspython.errors import SourceError
from crosspython.store.fetch import Store
from crosspython.store.sources import Source

DATA = bytes(range(256)) * 400
SHA = hashlib.sha256(DATA).hexdigest()


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler, int], None]) -> Iterator[tuple[str, list[str | None]]]:
    """A server on loopback: its address, and the Range headers that came (None for a whole file).

    `answer` gets the handler and the number of the request.
    """
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Range"))
            answer(self, len(seen))

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/x-1.0.tar.gz", seen
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, data: bytes, code: int = 200, length: int | None = None) -> None:
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    handler.end_headers()
    handler.wfile.write(data)


def store(folder: Path, **options) -> Store:
    return Store(folder / "downloads", **{"pools": lambda: (), "pause": 0.0, "timeout": (1.0, 0.3), **options})


def test_a_file_is_fetched_and_kept(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        source = Source(SHA, url)
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
    assert len(seen) == 1


def test_an_error_500_is_tried_again(tmp_path: Path) -> None:
    def answer(handler, number):
        reply(handler, DATA if number > 1 else b"", 200 if number > 1 else 500)

    with server(answer) as (url, seen):
        store(tmp_path).get([Source(SHA, url)], "x")
    assert len(seen) == 2


def test_a_lasting_error_500_is_told(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"", 500)) as (url, _), pytest.raises(SourceError) as caught:
        store(tmp_path).get([Source(SHA, url)], "x 1.0")
    assert "the server answered 500" in str(caught.value)
    assert "x 1.0" in str(caught.value)


def test_a_404_is_not_tried_again(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"", 404)) as (url, seen), pytest.raises(SourceError, match="x"):
        store(tmp_path).get([Source(SHA, url)], "x")
    assert len(seen) == 1


def test_a_truncated_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    def answer(handler, number):
        if number == 1:
            reply(handler, DATA[:70000], length=len(DATA))
            handler.connection.close()
        else:
            start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            reply(handler, DATA[start:], 206)

    with server(answer) as (url, seen):
        assert store(tmp_path).get([Source(SHA, url)], "x")[1].read_bytes() == DATA
    assert seen == [None, "bytes=70000-"]


def test_a_server_without_ranges_starts_again(tmp_path: Path) -> None:
    def answer(handler, number):
        reply(handler, DATA[:1000] if number == 1 else DATA, length=len(DATA))
        handler.connection.close()

    with server(answer) as (url, seen):
        assert store(tmp_path).get([Source(SHA, url)], "x")[1].read_bytes() == DATA
    assert len(seen) == 2


def test_a_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    stop = threading.Event()
    with server(lambda handler, _: stop.wait(20)) as (url, _), pytest.raises(SourceError) as caught:
        try:
            store(tmp_path).get([Source(SHA, url)], "x")
        finally:
            stop.set()
    assert "no answer in time" in str(caught.value)


def test_wrong_bytes_are_kept_aside_and_both_hashes_told(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"evil")) as (url, _), pytest.raises(SourceError) as caught:
        store(tmp_path).get([Source(SHA, url)], "x")
    text = str(caught.value)
    assert SHA in text
    assert hashlib.sha256(b"evil").hexdigest() in text
    (rejected,) = (tmp_path / "downloads" / "rejected").iterdir()
    assert rejected.read_bytes() == b"evil"


def test_after_wrong_bytes_the_next_place_is_asked(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "x-1.0.tar.gz").write_bytes(b"stale")
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        found = store(tmp_path, mirror=str(tmp_path / "mirror")).get([Source(SHA, url)], "x")
    assert found[1].read_bytes() == DATA


def test_a_mirror_spares_upstream(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "x-1.0.tar.gz").write_bytes(DATA)
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        store(tmp_path, mirror=str(tmp_path / "mirror")).get([Source(SHA, url)], "x")
    assert seen == []


def test_the_pool_is_asked_last(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA if "/pool/main/x/" in handler.path else b"", 200)) as (
        url,
        seen,
    ):
        base = url.rpartition("/")[0]
        source = Source(SHA, url, "x/x/x_1.0.orig.tar.gz")
        assert store(tmp_path, pools=lambda: (base,)).get([source], "x")[1].read_bytes() == DATA
    assert len(seen) == 2


def test_an_alternative_with_other_bytes_will_do(tmp_path: Path) -> None:
    other = b"repacked"
    with server(lambda handler, _: reply(handler, other, 200 if "orig" in handler.path else 404)) as (url, _):
        base = url.rpartition("/")[0]
        sources = [Source(SHA, url), Source(hashlib.sha256(other).hexdigest(), None, "x/x_1.0.orig.tar.gz")]
        chosen, path = store(tmp_path, pools=lambda: (base,)).get(sources, "x")
    assert chosen == sources[1]
    assert path.read_bytes() == other


def test_a_dead_host_is_asked_once(tmp_path: Path) -> None:
    asked = store(tmp_path)
    for name in ("a", "b"):
        with pytest.raises(SourceError, match="could not be had"):
            asked.get([Source(SHA, f"http://127.0.0.1:9/{name}")], name)
    assert list(asked.downloader.unreachable) == ["127.0.0.1:9"]


def test_offline_touches_nothing(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen), pytest.raises(SourceError) as caught:
        store(tmp_path, offline=True).get([Source(SHA, url)], "x 1.0")
    assert seen == []
    assert "x 1.0: x-1.0.tar.gz" in str(caught.value)


def test_a_file_that_went_bad_in_the_store_is_fetched_again(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        source = Source(SHA, url)
        path = store(tmp_path).get([source], "x")[1]
        path.write_bytes(b"bit rot")
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA


def test_two_at_once_fetch_once(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        threads = [threading.Thread(target=lambda: store(tmp_path).get([Source(SHA, url)], "x")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("a file")
    with pytest.raises(SourceError, match="cannot keep sources"):
        store(tmp_path).get([Source(SHA, "http://127.0.0.1:9/x")], "x")


def test_progress_ends_with_the_whole(tmp_path: Path) -> None:
    calls = []
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        store(tmp_path, progress=lambda *call: calls.append(call)).get([Source(SHA, url)], "x")
    assert calls[-1] == ("x-1.0.tar.gz", len(DATA), len(DATA))
