"""Ctrl-C while the cache is at work: the run ends at once, nothing half is kept, and the next run goes on."""

from __future__ import annotations

import hashlib
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.conftest import Project, processes_below, send, wait_for
from tests.unit.loopback import serving

# The servers here say nothing for ten seconds, which is what a cache's silence may last.
SOON = 5.0


class Slow:
    """A server whose uploads, or whose downloads of products, never come to an end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hangs, self.free = threading.Event(), threading.Event()
        self.slow = ""


@contextmanager
def slow_server(slow: Slow) -> Iterator[str]:
    """Serve plain files for GET and PUT, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = slow.folder / self.path.lstrip("/")
            data = path.read_bytes() if path.is_file() else b""
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if slow.slow == "GET" and "/cas/" in self.path:
                self.wfile.write(data[: len(data) // 2])
                self.hang()
            self.wfile.write(data)

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if slow.slow == "PUT":
                self.hang()
            path = slow.folder / self.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def hang(self) -> None:
            slow.hangs.set()
            slow.free.wait(20)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        try:
            yield f"{address}/cache"
        finally:
            slow.free.set()


def halves(cache: Path) -> list[Path]:
    """Files of a cache's folder that are no record, and no bytes with the hash that they are named by."""
    files = [path for path in cache.rglob("*") if path.is_file()]
    objects = [path for path in files if path.parent.parent.name == "cas"]
    wrong = [path for path in objects if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]
    return wrong + [path for path in files if path not in objects and path.parent.parent.name != "ac"]


def test_an_upload_is_left_at_once(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    slow = Slow(tmp_path / "served")
    slow.slow = "PUT"
    with slow_server(slow) as address:
        run = project.start(f"cache={tmp_path / 'cache'},{address}", "cache_write=all")
        wait_for(slow.hangs.is_set)
        assert send(run, signal.SIGINT) < SOON
    assert processes_below(project.folder) == []
    assert halves(tmp_path / "cache") == []
    assert "building hello" not in project.scons(f"cache={tmp_path / 'cache'}")


def test_a_download_is_left_at_once(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    slow = Slow(tmp_path / "served")
    with slow_server(slow) as address:
        cache = f"cache={tmp_path / 'cache'},{address}"
        project.scons(cache, "cache_write=all")
        kept = project.stage("hello").read_bytes()
        shutil.rmtree(project.folder / "build")
        shutil.rmtree(tmp_path / "cache")
        slow.slow = "GET"
        run = project.start(cache)
        wait_for(slow.hangs.is_set)
        assert send(run, signal.SIGINT) < SOON
        assert not project.stage("hello").exists()
        assert halves(tmp_path / "cache") == []
        slow.slow = ""
        slow.free.set()
        assert "from the cache" in project.scons(cache)
    assert project.stage("hello").read_bytes() == kept


def test_a_source_that_does_not_come_is_left_at_once(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    slow = Slow(tmp_path / "served")
    slow.slow = "GET"
    served = slow.folder / "cache/cas"
    served.mkdir(parents=True)
    (project.mirror / "hello-1.0.tar.gz").rename(served / "hello-1.0.tar.gz")
    with slow_server(slow) as address:
        project.mirror = f"{address}/cas"  # type: ignore[assignment]
        run = project.start("cache=none")
        wait_for(slow.hangs.is_set)
        assert send(run, signal.SIGINT) < SOON
        slow.slow = ""
        slow.free.set()
        assert "hello 1.0" in project.scons("cache=none")
