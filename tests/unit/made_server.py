"""A cache server for tests: it keeps what is PUT, and the test can change it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


class KeepingHandler(BaseHTTPRequestHandler):
    things: dict[str, bytes]

    @classmethod
    def new(cls) -> type[KeepingHandler]:
        return type("Handler", (cls,), {"things": {}})

    def do_GET(self) -> None:
        data = self.things.get(self.path)
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def do_PUT(self) -> None:
        self.things[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
