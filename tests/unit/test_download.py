"""One file over HTTP: which failures are tried again, with which request, and which hosts are no longer tried."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from crosspython.errors import Interrupted
from crosspython.run.signals import Stop
from crosspython.store import download as module
from crosspython.store.download import Downloader, Unavailable

from tests.unit.loopback import reply, serve_ranges, server

DATA = bytes(range(256)) * 800


def downloader(**options) -> Downloader:
    return Downloader(**{"timeout": (1.0, 0.3), "pause": 0.0, **options})


def break_off(handler, data: bytes, **headers: str) -> None:
    reply(handler, data, length=len(DATA), **headers)
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_passing_answer_is_tried_again(tmp_path: Path, code: int) -> None:
    with server(lambda handler, number: reply(handler, DATA, code if number < 3 else 200)) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert len(asked) == 3
    assert (tmp_path / "part").read_bytes() == DATA


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
def test_a_final_answer_is_not_tried_again(tmp_path: Path, code: int) -> None:
    with (
        server(lambda handler, _: reply(handler, b"", code)) as (url, asked),
        pytest.raises(Unavailable, match=str(code)),
    ):
        downloader().download(url, tmp_path / "part", "x")
    assert len(asked) == 1


def test_an_error_page_is_never_taken_for_the_file(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"<html>", 500)) as (url, _), pytest.raises(Unavailable):
        downloader().download(url, tmp_path / "part", "x")
    assert not (tmp_path / "part").exists()


def test_tries_are_further_and_further_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(module, "wait", pauses.append)
    with server(lambda handler, _: reply(handler, b"", 500)) as (url, _), pytest.raises(Unavailable):
        downloader(pause=1.0).download(url, tmp_path / "part", "x")
    assert pauses == [1.0, 2.0, 4.0]


def test_after_a_break_only_the_rest_is_sent(tmp_path: Path) -> None:
    def answer(handler, number):
        break_off(handler, DATA[:120000]) if number == 1 else serve_ranges(handler, DATA)

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert (tmp_path / "part").read_bytes() == DATA
    assert asked.sent == [120000, len(DATA) - 120000]


def test_the_rest_is_asked_for_with_the_etag_of_the_beginning(tmp_path: Path) -> None:
    def answer(handler, number):
        break_off(handler, DATA[:1000], ETag='"1"') if number == 1 else serve_ranges(handler, DATA, ETag='"1"')

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert asked.headers[1]["If-Range"] == '"1"'
    assert asked.sent[1] == len(DATA) - 1000


def test_a_file_that_changed_between_two_tries_comes_from_its_start(tmp_path: Path) -> None:
    def answer(handler, number):
        break_off(handler, b"old" * 999, ETag='"1"') if number == 1 else serve_ranges(handler, DATA, ETag='"2"')

    with server(answer) as (url, _):
        downloader().download(url, tmp_path / "part", "x")
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_weak_etag_is_not_relied_on(tmp_path: Path) -> None:
    def answer(handler, number):
        break_off(handler, DATA[:1000], ETag='W/"1"') if number == 1 else serve_ranges(handler, DATA)

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert "If-Range" not in asked.headers[1]


def test_a_server_that_goes_on_elsewhere_is_asked_for_all(tmp_path: Path) -> None:
    def answer(handler, number):
        if number == 1:
            break_off(handler, DATA[:1000])
        elif number == 2:
            reply(handler, DATA[500:], 206, Content_Range=f"bytes 500-{len(DATA) - 1}/{len(DATA)}")
        else:
            serve_ranges(handler, DATA)

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert asked == [None, "bytes=1000-", None]
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_range_beyond_the_end_starts_again(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(DATA + b"more")
    with server(lambda handler, _: serve_ranges(handler, DATA)) as (url, _):
        downloader().download(url, tmp_path / "part", "x")
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_broken_chunked_transfer_is_tried_again(tmp_path: Path) -> None:
    def answer(handler, number):
        if number > 1:
            reply(handler, DATA)
            return
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"1000\r\n" + DATA[:100])
        handler.close_connection = True

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert len(asked) == 2
    assert (tmp_path / "part").read_bytes() == DATA


def test_bytes_are_kept_as_they_are_where_a_server_calls_them_encoded(tmp_path: Path) -> None:
    import gzip

    data = gzip.compress(DATA)
    with server(lambda handler, _: reply(handler, data, Content_Encoding="gzip")) as (url, _):
        downloader().download(url, tmp_path / "part", "x")
    assert (tmp_path / "part").read_bytes() == data


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    def answer(handler, number):
        reply(handler, b"", 302, Location="/elsewhere") if number == 1 else reply(handler, DATA)

    with server(answer) as (url, asked):
        downloader().download(url, tmp_path / "part", "x")
    assert asked.paths[1] == "/elsewhere"


def test_a_server_that_stops_in_the_middle_is_given_up(tmp_path: Path) -> None:
    end = threading.Event()

    def answer(handler, _):
        reply(handler, DATA[:1000], length=len(DATA))
        handler.wfile.flush()
        end.wait(20)

    with server(answer) as (url, _):
        begin = time.monotonic()
        with pytest.raises(Unavailable, match="stopped answering"):
            downloader(timeout=(1.0, 0.15)).download(url, tmp_path / "part", "x")
        end.set()
    assert time.monotonic() - begin < 3


def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    end = threading.Event()

    def answer(handler, _):
        reply(handler, b"", length=len(DATA))
        while not end.wait(0.05):
            handler.wfile.write(b".")
            handler.wfile.flush()

    with server(answer) as (url, _):
        try:
            with pytest.raises(Unavailable, match="almost nothing"):
                downloader(timeout=(1.0, 0.2)).download(url, tmp_path / "part", "x")
        finally:
            end.set()


def test_a_host_that_never_answers_is_not_asked_for_another_file(tmp_path: Path) -> None:
    end = threading.Event()
    with server(lambda handler, _: end.wait(20)) as (url, asked):
        one = downloader(timeout=(1.0, 0.1))
        for name in ("a", "b"):
            with pytest.raises(Unavailable, match="no answer in time"):
                one.download(url, tmp_path / name, name)
        end.set()
    assert len(asked) == 2  # both tries for the first file


def test_a_404_says_nothing_of_the_host(tmp_path: Path) -> None:
    with server(lambda handler, number: reply(handler, DATA, 404 if number == 1 else 200)) as (url, _):
        one = downloader()
        with pytest.raises(Unavailable):
            one.download(url, tmp_path / "a", "a")
        one.download(url, tmp_path / "b", "b")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://nowhere.invalid/x", "this machine cannot find the address of the host"),
        ("http://127.0.0.1:9/x", "connection refused"),
        ("http:///x", "No host supplied"),
        ("ftp://127.0.0.1/x", "No connection adapters"),
    ],
)
def test_a_host_that_cannot_be_asked_is_told_at_once(tmp_path: Path, url: str, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        downloader(pause=60.0).download(url, tmp_path / "part", "x")


def test_a_server_without_tls_is_told(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, _), pytest.raises(Unavailable, match="no secure"):
        downloader(pause=60.0).download(url.replace("http:", "https:"), tmp_path / "part", "x")


def test_a_dead_proxy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(Unavailable, match="proxy"):
        downloader(pause=60.0).download("http://upstream.invalid/x", tmp_path / "part", "x")


def test_a_stop_ends_the_wait_between_two_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Stop()
    monkeypatch.setattr(module, "STOP", stop)
    threading.Timer(0.2, stop.request, ["Ctrl-C"]).start()
    begin = time.monotonic()
    with server(lambda handler, _: reply(handler, b"", 500)) as (url, _), pytest.raises(Interrupted):
        downloader(pause=60.0).download(url, tmp_path / "part", "x")
    assert time.monotonic() - begin < 5
    stop.close()


def test_progress_tells_bytes_and_the_whole(tmp_path: Path) -> None:
    calls = []
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        downloader(progress=lambda *call: calls.append(call)).download(url, tmp_path / "part", "x.tar")
    assert {(name, total) for name, _, total in calls} <= {("x.tar", len(DATA))}
