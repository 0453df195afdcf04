"""The distribution's pools: what apt says, and where an archive may keep a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from crosspython.store.pools import apt_pools, pool_addresses


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    apt_pools.cache_clear()
    yield
    apt_pools.cache_clear()


def fake_apt(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    (folder / "apt-get").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_bases_come_from_apt_once_each_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "https://one/debian/\nhttp://two/debian-security/\nhttps://one/debian/\nfile:/srv/debian/\ncdrom://dvd/\n"
    fake_apt(tmp_path, monkeypatch, f"printf '{lines}'".replace("\n", "\\n"))
    assert apt_pools() == ("https://one/debian", "http://two/debian-security", "file:/srv/debian")


def test_apt_is_asked_for_the_addresses_of_package_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_apt(tmp_path, monkeypatch, f'printf "%s|" "$@" > {tmp_path}/asked')
    apt_pools()
    assert (tmp_path / "asked").read_text() == "indextargets|--format|$(REPO_URI)|Created-By: Packages|"


def test_apt_is_asked_once_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_apt(tmp_path, monkeypatch, f"echo asked >> {tmp_path}/log")
    assert apt_pools() == apt_pools() == ()
    assert (tmp_path / "log").read_text() == "asked\n"


def test_without_apt_there_are_no_pools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert apt_pools() == ()


@pytest.mark.slow
def test_this_machines_own_apt_is_understood() -> None:
    bases = apt_pools()
    assert bases
    assert {urlsplit(base).scheme for base in bases} <= {"http", "https", "file"}
    assert len(bases) == len(set(bases))


@pytest.mark.parametrize(
    ("base", "addresses"),
    [
        ("http://h/debian", ["http://h/debian/pool/main/z/z.orig.tar.gz"]),
        (
            "http://h/debian-security/",
            [
                "http://h/debian-security/pool/main/z/z.orig.tar.gz",
                "http://h/debian-security/pool/updates/main/z/z.orig.tar.gz",
            ],
        ),
        (
            "http://h/ubuntu/",
            ["http://h/ubuntu/pool/main/z/z.orig.tar.gz", "http://h/ubuntu/pool/universe/z/z.orig.tar.gz"],
        ),
    ],
)
def test_an_archive_is_asked_where_it_keeps_sources(base: str, addresses: list[str]) -> None:
    assert list(pool_addresses(base, "z/z.orig.tar.gz")) == addresses
