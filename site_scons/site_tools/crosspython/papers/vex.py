"""VEX statements: they say whether a product is affected by a vulnerability. The format is OpenVEX
(github.com/openvex/spec)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.errors import ConfigurationError
from crosspython.papers.part import Part

# A part with one of these statuses is not vulnerable; the other statuses of the standard mean that it is.
_CLOSED = ("not_affected", "fixed")
_STATUSES = (*_CLOSED, "affected", "under_investigation")


@dataclass(frozen=True)
class VexStatement:
    """One statement. products: package URLs; none: it holds for every part."""

    names: tuple[str, ...]
    products: tuple[str, ...]
    status: str
    reason: str

    def closes(self, part: Part, names: Sequence[str]) -> bool:
        """Whether the statement says that a part is not affected by the vulnerability with these names."""
        if self.status not in _CLOSED or set(self.names).isdisjoint(names):
            return False
        wanted = {part.ref, part.ref.partition("@")[0]}
        return not self.products or any(product.partition("?")[0] in wanted for product in self.products)


def read_vex(file: Path) -> tuple[VexStatement, ...]:
    """The statements of an OpenVEX document. Raises ConfigurationError with all that is wrong in it."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        statements = [_read_statement(entry) for entry in document["statements"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"vex={file}: its VEX statements cannot be read",
            expected='an OpenVEX document: {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [...]}',
            found=f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error),
        ) from error
    mistakes = [f"statement {number}: {told}" for number, each in enumerate(statements, 1) if (told := _mistake(each))]
    if mistakes:
        raise ConfigurationError(
            f"vex={file}: the statements are wrong",
            evidence=mistakes,
            expected=f"a status of {', '.join(_STATUSES)}; with not_affected a justification or an impact_statement",
        )
    return tuple(statements)


def _mistake(statement: VexStatement) -> str:
    if statement.status not in _STATUSES:
        return f"status {statement.status!r}"
    if statement.status == "not_affected" and not statement.reason:
        return "not_affected, but no reason for it"
    return "" if any(statement.names) else "no vulnerability is named"


def _read_statement(entry: Mapping[str, Any]) -> VexStatement:
    told = entry["vulnerability"]
    vulnerability = {"name": told} if isinstance(told, str) else told
    names = [vulnerability.get("name", ""), vulnerability.get("@id", ""), *vulnerability.get("aliases", ())]
    products = [each if isinstance(each, dict) else {"@id": each} for each in entry.get("products", ())]
    # Where a statement is about a part inside a product, the part is what counts here.
    ids = [
        inner if isinstance(inner, str) else inner["@id"]
        for product in products
        for inner in (product.get("subcomponents") or [product])
    ]
    return VexStatement(
        names=tuple(str(name).rpartition("/")[2] for name in names if name),
        products=tuple(map(str, ids)),
        status=str(entry["status"]),
        reason=str(entry.get("justification") or entry.get("impact_statement") or ""),
    )
