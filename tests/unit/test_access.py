"""Access to servers: the settings of requests, by host."""

from __future__ import annotations

from crosspython.store.access import OPEN, Access, login_in


def test_a_login_is_for_its_host_and_port_alone() -> None:
    access = Access(logins={"a.invalid:8080": ("me", "word")})
    assert access.options("https://a.invalid:8080/x.whl") == {"auth": ("me", "word")}
    assert access.options("https://a.invalid/x.whl") == {}
    assert access.options("https://b.invalid:8080/x.whl") == {}


def test_a_login_in_an_address_is_read_as_it_was_meant() -> None:
    assert login_in("https://me%40work:s%2Fcret@a.invalid/simple") == ("a.invalid", ("me@work", "s/cret"))
    assert login_in("https://token@a.invalid/simple") == ("a.invalid", ("token", ""))
    assert login_in("https://a.invalid/simple") is None


def test_certificates_and_proxies() -> None:
    access = Access(unverified=frozenset({"a.invalid"}), trusted="/ca.pem", client="/me.pem", proxies={"http": "p"})
    assert access.options("https://b.invalid/") == {"verify": "/ca.pem", "cert": "/me.pem", "proxies": {"http": "p"}}
    assert access.options("https://a.invalid:99/")["verify"] is False


def test_without_settings_requests_own_hold() -> None:
    assert OPEN.options("https://me:word@a.invalid/x") == {}
