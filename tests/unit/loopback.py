"""A server on loopback that answers as a test wants it to, and remembers what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Asked(list[str | None]):
    """The Range headers that came, None for a whole file; `paths` and `headers` of the same requests; bytes `sent`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.sent: list[int] = []


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve with a handler of the test's own until the block ends: the server's address."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@contextmanager
def server(answer: Callable[[Any, int], None]) -> Iterator[tuple[str, Asked]]:
    """Serve until the block ends: the address of a file, and the requests.

    `answer` gets the handler and the number of the request, from 1 on.
    """
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.paths.append(self.path)
            asked.headers.append(dict(self.headers))
            asked.sent.append(0)
            asked.append(self.headers.get("Range"))
            self.asked = asked
            answer(self, len(asked))

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        yield f"{address}/x-1.0.tar.gz", asked


def reply(handler: Any, data: bytes, code: int = 200, length: int | None = None, **headers: str) -> None:
    """Send an answer; `length` is a Content-Length that may lie, headers have _ for -."""
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)
    handler.asked.sent[-1] += len(data)


def serve_ranges(handler: Any, data: bytes, **headers: str) -> None:
    """Answer as a good server does: the asked part of the file, unless If-Range says that it was another file."""
    asked, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    if asked is None or (condition is not None and condition != headers.get("ETag")):
        reply(handler, data, **headers)
        return
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(data):
        reply(handler, b"", 416)
        return
    reply(handler, data[start:], 206, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}", **headers)
