"""Who may put products into a cache that is shared: records say who made what they name, and are signed.

A signature covers the key, so that nobody can offer one product as another; the hash covers the bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from crosspython.errors import CrosspythonError
from crosspython.store.artifacts import CacheTrouble, Record
from crosspython.store.signing import CACHE, Signer, Signers


@dataclass(frozen=True)
class CacheTrust:
    """maker: who makes products here, and with what. signer: signs records. signers: who is believed; None: all."""

    maker: str = ""
    signer: Signer | None = None
    signers: Signers | None = None

    def stamp(self, key: str, record: Record) -> Record:
        """A record with its maker, signed where there is a key for that. Raises CacheTrouble."""
        record = replace(record, maker=self.maker)
        if self.signer is None:
            return record
        try:
            return replace(record, signature=self.signer.sign(signed_text(key, record), CACHE))
        except CrosspythonError as error:
            raise CacheTrouble(" ".join(str(error).split())) from error

    def require(self, key: str, record: Record) -> None:
        """Raise CacheTrouble for a record that nobody signed who is believed."""
        if self.signers is None:
            return
        if not record.signature:
            raise CacheTrouble(f"a record is not signed (signers={self.signers.file})", lasting=False)
        try:
            self.signers.name_of(signed_text(key, record), record.signature, CACHE)
        except CrosspythonError as error:
            raise CacheTrouble(f"a record: {' '.join(str(error).split())}", lasting=False) from error


def signed_text(key: str, record: Record) -> bytes:
    """What a signature is of: the key, and all of the record but the signature."""
    facts = asdict(replace(record, signature=""))
    return json.dumps({"key": key, **facts}, sort_keys=True).encode()
