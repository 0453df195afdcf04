"""The artifact cache's layers: if one of them fails, a product is complete or absent, and the build continues."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from crosspython.store.artifacts import Artifacts, CacheTrouble, Record

KEY = "ab" * 32


class Shelf:
    """A layer in memory; every call raises `trouble`, if there is one."""

    def __init__(self, name: str, *, writes: bool = True, trouble: Exception | None = None) -> None:
        self.name, self.writes, self.trouble = name, writes, trouble
        self.things: dict[str, bytes] = {}
        self.asked = 0

    def take(self, key: str, part: Path) -> bool:
        self.asked += 1
        if self.trouble:
            part.write_bytes(b"half")
            raise self.trouble
        if key in self.things:
            part.write_bytes(self.things[key])
        return key in self.things

    def keep(self, key: str, path: Path) -> None:
        if self.trouble:
            raise self.trouble
        self.things[key] = path.read_bytes()

    def tidy(self) -> None:
        self.asked = 0


@pytest.fixture
def product(tmp_path: Path) -> Path:
    path = tmp_path / "built.tar.zst"
    path.write_bytes(b"product")
    return path


def test_what_was_put_is_got(tmp_path: Path, product: Path) -> None:
    artifacts = Artifacts([Shelf("near")], pytest.fail)
    artifacts.put(KEY, product)
    assert artifacts.get(KEY, tmp_path / "x") == "near"
    assert (tmp_path / "x").read_bytes() == b"product"
    assert (artifacts.hits, artifacts.misses) == (1, 0)


def test_an_unknown_key_is_a_miss_without_a_word(tmp_path: Path) -> None:
    artifacts = Artifacts([Shelf("near"), Shelf("far")], pytest.fail)
    assert artifacts.get(KEY, tmp_path / "x") is None
    assert list(tmp_path.iterdir()) == []
    assert (artifacts.hits, artifacts.misses) == (0, 1)


def test_what_comes_from_afar_is_kept_near(tmp_path: Path) -> None:
    near, far = Shelf("near"), Shelf("far")
    far.things[KEY] = b"product"
    assert Artifacts([near, far], pytest.fail).get(KEY, tmp_path / "x") == "far"
    assert near.things == {KEY: b"product"}


def test_a_layer_that_is_only_read_gets_nothing(product: Path) -> None:
    near, far = Shelf("near"), Shelf("far", writes=False)
    artifacts = Artifacts([near, far], pytest.fail)
    artifacts.put(KEY, product)
    artifacts.finish()
    assert near.things and not far.things


def test_all_that_was_put_has_left_when_it_is_finished(product: Path) -> None:
    far = Shelf("far")
    artifacts = Artifacts([Shelf("near"), far], pytest.fail)
    artifacts.put(KEY, product)
    artifacts.finish()
    assert far.things == {KEY: b"product"}


@pytest.mark.parametrize("trouble", [CacheTrouble("it is dead"), OSError(28, "No space left on device")])
def test_a_failing_layer_costs_one_warning_and_is_left_alone(tmp_path: Path, trouble: Exception) -> None:
    warnings: list[str] = []
    shelf = Shelf("far", trouble=trouble)
    artifacts = Artifacts([shelf], warnings.append)
    for _ in range(3):
        assert artifacts.get(KEY, tmp_path / "x") is None
    assert shelf.asked == 1
    assert len(warnings) == 1
    assert "building instead" in warnings[0]
    assert list(tmp_path.iterdir()) == []


def test_trouble_with_one_product_does_not_end_a_layer(tmp_path: Path) -> None:
    warnings: list[str] = []
    shelf = Shelf("far", trouble=CacheTrouble("damaged", lasting=False))
    artifacts = Artifacts([shelf], warnings.append)
    artifacts.get(KEY, tmp_path / "x")
    shelf.trouble = None
    shelf.things[KEY] = b"product"
    assert artifacts.get(KEY, tmp_path / "x") == "far"
    assert len(warnings) == 1


def test_the_next_layer_is_asked_when_one_fails(tmp_path: Path) -> None:
    near, far = Shelf("near", trouble=CacheTrouble("dead")), Shelf("far")
    far.things[KEY] = b"product"
    assert Artifacts([near, far], lambda _: None).get(KEY, tmp_path / "x") == "far"


def test_a_record_survives_writing_and_reading() -> None:
    record = Record(hashlib.sha256(b"x").hexdigest(), 1)
    assert Record.read(record.as_text()) == record


@pytest.mark.parametrize(
    "text",
    ["", "<html>Welcome</html>", "[]", "{}", '{"sha256": "zz", "size": 1}', '{"sha256": "ab", "size": 1}', '"x"', "\0"],
)
def test_anything_but_a_record_is_refused(text: str) -> None:
    with pytest.raises(CacheTrouble, match="damaged record"):
        Record.read(text)
