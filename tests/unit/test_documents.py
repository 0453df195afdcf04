"""The JSON documents of goals: each has a published schema, and follows it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from crosspython.documents import DOCUMENTS, NewerPackage, Outdated, encode, schema_name, schema_text

from tests.conftest import REPOSITORY

SCHEMAS = REPOSITORY / "docs/schemas"


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_published_schema_is_that_of_what_is_told(kind: type[Any]) -> None:
    assert (SCHEMAS / schema_name(kind)).read_text() == schema_text(kind), (
        "write it again: documents.schema_name(kind) is the file, documents.schema_text(kind) its content"
    )


def test_every_schema_and_its_page_is_of_a_document() -> None:
    page = (REPOSITORY / "docs/json.md").read_text()
    assert {path.name for path in SCHEMAS.iterdir()} == {schema_name(kind) for kind in DOCUMENTS}
    assert [kind for kind in DOCUMENTS if f"schemas/{schema_name(kind)}" not in page] == []


def test_a_document_names_its_schema_and_is_read_back() -> None:
    told = Outdated("rv1126", "3.13.5", "pylock.toml", [NewerPackage("six", "1.15", "1.17")], [])
    text = encode(told)
    assert json.loads(text)["schema"] == "crosspython/outdated/1"
    assert msgspec.json.decode(text, type=Outdated) == told
