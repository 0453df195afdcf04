"""The allowed values of board=."""

from __future__ import annotations

import pytest
from crosspython.board.address import Address, parse_address
from crosspython.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("root@192.168.1.10", Address("192.168.1.10", "root")),
        ("root@127.0.0.1:2222", Address("127.0.0.1", "root", 2222)),
        ("camera", Address("camera")),
        ("root@[fe80::1%eth0]:22", Address("fe80::1%eth0", "root", 22)),
    ],
)
def test_user_machine_and_port_are_told_apart_and_written_back(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "root@", "a b", "root@host:0", "root@host:70000", "-oProxyCommand=x", "fe80::1", "h;ls"]
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_address(text)
    assert "root@192.168.1.10" in str(error.value)


def test_ssh_gets_the_port_as_an_option() -> None:
    assert parse_address("root@host:2222").arguments == ["-p", "2222", "root@host"]
    assert parse_address("host").arguments == ["host"]
