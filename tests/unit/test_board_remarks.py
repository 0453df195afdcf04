"""The remarks about a board on which a tree fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crosspython.board.remarks import find_remarks

from tests.unit.test_board_facts import FITS, NEEDS, TARGET

NOW = 1_764_000_000.0  # 2025-11-24 16:00 UTC
WHOLE = replace(FITS, clock=int(NOW), certificates="/etc/ssl/certs/a.0", zones="/usr/share/zoneinfo")


def test_of_a_board_that_has_all_nothing_is_said() -> None:
    assert find_remarks(WHOLE, TARGET, NEEDS, NOW) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"machine": "aarch64"}, ["32-bit system", "64-bit kernel", "aarch64"]),
        ({"machine": "our-board"}, ["uname -m says our-board", "armv7l"]),
        ({"kernel": "linux-next"}, ["uname -r says linux-next", "3.2.0"]),
        ({"libc": None}, ["libc", "GLIBC_2.34"]),
        ({"clock": 200}, ["1970-01-01 00:03:20", "date -s @1764000000", "NTP"]),
        ({"clock": int(NOW) + 10**8}, ["2029-", "date -s @1764000000"]),
        ({"certificates": None}, ["ca-certificates", "certifi", "SSL_CERT_FILE", "/opt/python/bin/python3"]),
        ({"certificates": "/etc/pki/tls/cacert.pem"}, ["SSL_CERT_FILE=/etc/pki/tls/cacert.pem"]),
        ({"certificates": "/etc/ssl/certs/ca-certificates.crt"}, ["SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]),
        ({"zones": None}, ["tzdata", "zoneinfo"]),
    ],
)
def test_each_thing_is_said_in_one_line_with_what_to_do(change: dict[str, object], told: list[str]) -> None:
    [remark] = find_remarks(replace(WHOLE, **change), TARGET, NEEDS, NOW)
    assert "\n" not in remark
    for each in told:
        assert each in remark


@pytest.mark.parametrize(
    "change",
    [{"clock": None}, {"clock": int(NOW) - 3600}, {"certificates": "/etc/ssl/cert.pem"}, {"machine": "armv8l"}],
)
def test_what_does_no_harm_is_not_said(change: dict[str, object]) -> None:
    assert find_remarks(replace(WHOLE, **change), TARGET, NEEDS, NOW) == []
