"""The simple index beside the wheels."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import ArchiveError, AuditError
from crosspython.wheels.house.index import write_index

from tests.unit.made_wheel import make_wheel, read_member

NAME = "Zope.Interface-8.7-py3-none-any.whl"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag == "a":
            self.links.append(dict(attributes))


def read_links(page: Path) -> list[dict[str, str | None]]:
    parser = Links()
    parser.feed(page.read_text())
    return parser.links


@pytest.fixture
def house(tmp_path: Path) -> Path:
    make_wheel(tmp_path, NAME, {"zope.py": ""})
    write_index(tmp_path)
    return tmp_path


def test_the_list_of_projects_has_normalized_names(house: Path) -> None:
    assert [link["href"] for link in read_links(house / "simple/index.html")] == ["zope-interface/"]
    assert json.loads((house / "simple/index.json").read_text())["projects"] == [{"name": "zope-interface"}]


def test_a_link_leads_to_the_wheel_with_its_hash(house: Path) -> None:
    (link,) = read_links(house / "simple/zope-interface/index.html")
    address, _, digest = str(link["href"]).partition("#sha256=")
    wheel = house / "simple/zope-interface" / address
    assert wheel.resolve() == house / NAME and hashlib.sha256(wheel.read_bytes()).hexdigest() == digest


def test_metadata_lies_beside_the_wheel_and_has_its_hash(house: Path) -> None:
    metadata = house / f"{NAME}.metadata"
    assert metadata.read_text() == read_member(house / NAME, "Zope.Interface-8.7.dist-info/METADATA")
    (link,) = read_links(house / "simple/zope-interface/index.html")
    digest = hashlib.sha256(metadata.read_bytes()).hexdigest()
    assert link["data-core-metadata"] == link["data-dist-info-metadata"] == f"sha256={digest}"


def test_json_says_the_same_as_html(house: Path) -> None:
    project = json.loads((house / "simple/zope-interface/index.json").read_text())
    (link,) = read_links(house / "simple/zope-interface/index.html")
    (file,) = project["files"]
    assert project["name"] == "zope-interface" and project["versions"] == ["8.7"]
    assert f"{file['url']}#sha256={file['hashes']['sha256']}" == link["href"]
    assert file["size"] == (house / NAME).stat().st_size and "requires-python" not in file


def test_the_python_that_is_required_is_escaped(tmp_path: Path) -> None:
    make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {}, version="1.0\nRequires-Python: >=3.9")
    write_index(tmp_path)
    assert 'data-requires-python="&gt;=3.9"' in (tmp_path / "simple/toy/index.html").read_text()


def test_nothing_stays_of_a_wheel_that_is_gone(house: Path) -> None:
    (house / NAME).unlink()
    make_wheel(house, "toy-1.0-py3-none-any.whl", {"toy.py": ""})
    write_index(house)
    assert sorted(path.name for path in (house / "simple").iterdir()) == ["index.html", "index.json", "toy"]
    assert [path.name for path in house.glob("*.metadata")] == ["toy-1.0-py3-none-any.whl.metadata"]


def test_all_versions_of_a_project_are_in_one_page(tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        make_wheel(tmp_path, f"toy-{version}-py3-none-any.whl", {"toy.py": ""})
    write_index(tmp_path)
    assert json.loads((tmp_path / "simple/toy/index.json").read_text())["versions"] == ["1.0", "2.0"]
    assert len(read_links(tmp_path / "simple/toy/index.html")) == 2


def test_twice_it_is_the_same(house: Path) -> None:
    before = {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}
    write_index(house)
    assert before == {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}


def test_a_file_that_is_no_wheel_is_told(tmp_path: Path) -> None:
    (tmp_path / "toy-1.0-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(ArchiveError, match="not a wheel"):
        write_index(tmp_path)


def test_a_name_that_is_no_wheels_is_told(tmp_path: Path) -> None:
    (tmp_path / "toy.whl").write_bytes(b"PK")
    with pytest.raises(AuditError, match="not the name of a wheel"):
        write_index(tmp_path)
