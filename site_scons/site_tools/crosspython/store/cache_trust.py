"""Trust in a shared cache: each record names the maker of its product, and is signed.

A signature covers the key, so a product cannot be offered under another key; the hash covers the bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from msgspec.structs import asdict, replace

from crosspython.errors import CrosspythonError
from crosspython.store.artifacts import CacheTrouble, Record
from crosspython.store.signing import CACHE, Signer, Signers


@dataclass(frozen=True)
class CacheTrust:
    """maker: who makes products here, and with what; signer: signs records; signers: whose signatures are accepted;
    None: signatures are not checked"""

    maker: str = ""
    signer: Signer | None = None
    signers: Signers | None = None

    def stamp(self, key: str, record: Record) -> Record:
        """A record with its maker, and with a signature if there is a key. Raises CacheTrouble."""
        record = replace(record, maker=self.maker)
        if self.signer is None:
            return record
        try:
            return replace(record, signature=self.signer.sign(signed_text(key, record), CACHE))
        except CrosspythonError as error:
            raise CacheTrouble(" ".join(str(error).split())) from error

    def require(self, key: str, record: Record) -> None:
        """Raise CacheTrouble for a record without the signature of a trusted signer."""
        if self.signers is None:
            return
        if not record.signature:
            raise CacheTrouble(f"a record has no signature (signers={self.signers.file})", lasting=False)
        try:
            self.signers.name_of(signed_text(key, record), record.signature, CACHE)
        except CrosspythonError as error:
            raise CacheTrouble(f"a record: {' '.join(str(error).split())}", lasting=False) from error


def signed_text(key: str, record: Record) -> bytes:
    """The bytes that are signed: the key, and the record without its signature."""
    facts = asdict(replace(record, signature=""))
    return json.dumps({"key": key, **facts}, sort_keys=True).encode()
