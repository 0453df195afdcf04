"""The artifact cache: it stores finished products in a folder and on a server, by a key of all their inputs.

A key leads to a record (the product's SHA-256 and size), and the record leads to the bytes. Bytes are used only if they
have the hash of their record. This module knows the order of the layers.
A failure only causes one warning and a build. The builders make the keys.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import msgspec
from msgspec.structs import asdict

from crosspython.errors import Interrupted
from crosspython.run.signals import STOP

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_CHUNK = 1 << 20


class CacheTrouble(Exception):
    """An operation of a layer failed; the text says why. lasting: the layer is not used again in this run."""

    def __init__(self, reason: str, *, lasting: bool = True) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Record(msgspec.Struct, frozen=True):
    """The record of a product. size: in bytes; maker: who made it, and with what; signature: of the key and of all
    other fields (cache_trust.py)"""

    sha256: str
    size: int
    maker: str = ""
    signature: str = ""

    def as_text(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value != ""}) + "\n"

    def names(self, found: Record) -> bool:
        """Whether the bytes that were found are the ones of this record."""
        return (self.sha256, self.size) == (found.sha256, found.size)

    @classmethod
    def read(cls, text: str) -> Record:
        """Read a record. Raises CacheTrouble for any other text: a server may answer with an error page."""
        try:
            facts = json.loads(text)
            record = cls(facts["sha256"], facts["size"], facts.get("maker", ""), facts.get("signature", ""))
            words = (record.maker, record.signature)
            has_words = all(isinstance(word, str) for word in words)
            if len(bytes.fromhex(record.sha256)) == 32 and isinstance(record.size, int) and has_words:
                return record
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise CacheTrouble("a damaged record", lasting=False)


class Layer(Protocol):
    """One place of the cache. Its methods raise CacheTrouble, OSError and Interrupted."""

    name: str
    writes: bool

    def take(self, key: str, part: Path) -> bool:
        """Copy a product to `part` and verify it. Returns False if the key is not known."""
        ...

    def keep(self, key: str, path: Path) -> None:
        """Store a product under a key."""
        ...

    def tidy(self) -> None:
        """Clean up once, after all products are stored."""
        ...


class Artifacts:
    """The layers, nearest first. `warn` gets one line for each layer in which something fails.

    hits, misses: how many products were asked for and found, and not
    """

    def __init__(self, layers: Sequence[Layer], warn: Callable[[str], None]) -> None:
        self.layers = tuple(layers)
        self.hits = self.misses = 0
        self._warn = warn
        self._warned: set[str] = set()
        self._off: set[str] = set()
        self._lock = threading.Lock()
        self._uploads: ThreadPoolExecutor | None = None

    def get(self, key: str, destination: Path) -> str | None:
        """Copy a product to its place, completely or not at all. Returns the name of the layer that had it; None if no
        layer has it."""
        part = destination.with_name(destination.name + ".part")
        origin = None
        for number, layer in enumerate(self.layers):
            if self._take(layer, key, part):
                part.replace(destination)
                for nearer in self.layers[:number]:
                    self._keep(nearer, key, destination)
                origin = layer.name
                break
        with suppress(OSError):
            part.unlink()
        with self._lock:
            self.hits += origin is not None
            self.misses += origin is None
        return origin

    def put(self, key: str, path: Path) -> None:
        """Store a product in every writable layer: in the nearest one now, in the others in the background."""
        for number, layer in enumerate(self.layers):
            if number == 0:
                self._keep(layer, key, path)
            else:
                self._uploader().submit(self._keep, layer, key, path)

    def finish(self) -> None:
        """Wait until all uploads have ended, then tidy up."""
        if self._uploads is not None:
            self._uploads.shutdown(wait=True)
        for layer in self.layers:
            layer.tidy()

    def _uploader(self) -> ThreadPoolExecutor:
        """A server may be far away: uploads run while the build goes on."""
        from concurrent.futures import ThreadPoolExecutor  # slow to import; not needed without a server

        with self._lock:
            if self._uploads is None:
                self._uploads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crosspython-cache")
            return self._uploads

    def _take(self, layer: Layer, key: str, part: Path) -> bool:
        if layer.name in self._off:
            return False
        try:
            return layer.take(key, part)
        except (CacheTrouble, OSError) as error:
            self._tell(layer, error, "building instead")
            return False

    def _keep(self, layer: Layer, key: str, path: Path) -> None:
        if not layer.writes or layer.name in self._off or STOP.requested:
            return
        try:
            layer.keep(key, path)
        except (CacheTrouble, OSError) as error:
            self._tell(layer, error, "going on without it")
        except Interrupted:
            pass  # the run itself reports this

    def _tell(self, layer: Layer, error: CacheTrouble | OSError, so: str) -> None:
        with self._lock:
            if isinstance(error, OSError) or error.lasting:
                self._off.add(layer.name)
            is_new = layer.name not in self._warned
            self._warned.add(layer.name)
        if is_new:
            self._warn(f"the cache {layer.name}: {error}; {so}")


def copy_hashed(source: IO[bytes], to: IO[bytes]) -> Record:
    """Copy bytes. Returns a record with their hash and size. Raises Interrupted."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        STOP.check()
        digest.update(chunk)
        to.write(chunk)
        size += len(chunk)
    return Record(digest.hexdigest(), size)
