"""Triplets and machines: what names say of compilers and boards."""

from __future__ import annotations

import pytest
from crosspython.errors import ConfigurationError
from crosspython.targets.machines import MACHINES, find_machine, fits_architecture
from crosspython.targets.triplet import parse_triplet, triplet_with


@pytest.mark.parametrize(
    ("text", "architecture", "vendor", "libc", "float_abi"),
    [
        ("arm-linux-gnueabihf", "arm", "", "glibc", "hard"),
        ("arm-buildroot-linux-gnueabihf", "arm", "buildroot", "glibc", "hard"),
        ("arm-rockchip830-linux-uclibcgnueabihf", "arm", "rockchip830", "uclibc", "hard"),
        ("arm-linux-gnueabi", "arm", "", "glibc", "soft"),
        ("armv7l-unknown-linux-musleabihf", "armv7l", "unknown", "musl", "hard"),
        ("aarch64-none-linux-gnu", "aarch64", "none", "glibc", None),
        ("x86_64-linux-musl", "x86_64", "", "musl", None),
        ("arm-linux", "arm", "", None, None),
    ],
)
def test_a_linux_triplet_is_taken_apart(
    text: str, architecture: str, vendor: str, libc: str | None, float_abi: str | None
) -> None:
    triplet = parse_triplet(text)
    assert triplet.is_linux
    assert (triplet.architecture, triplet.vendor, triplet.libc, triplet.float_abi) == (
        architecture,
        vendor,
        libc,
        float_abi,
    )


@pytest.mark.parametrize("text", ["arm-none-eabi", "riscv64-unknown-elf", "aarch64-elf"])
def test_bare_metal_is_not_linux(text: str) -> None:
    assert not parse_triplet(text).is_linux


@pytest.mark.parametrize("text", ["", "arm", "a-b-c-d-e", "arm--gnu", "arm linux gnu", "arm-linux-gnu/../x"])
def test_what_is_no_triplet_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a triplet"):
        parse_triplet(text)


@pytest.mark.parametrize("architecture", ["arm", "armv7", "armv7l", "armv7a", "armv6", "armv5te"])
def test_versions_of_arm_are_arm(architecture: str) -> None:
    assert fits_architecture(find_machine("armv7l"), architecture)


@pytest.mark.parametrize("architecture", ["armeb", "armv7b", "aarch64", "aarch64_be", "x86_64"])
def test_another_byte_order_or_width_is_not_armv7l(architecture: str) -> None:
    assert not fits_architecture(find_machine("armv7l"), architecture)


def test_big_endian_aarch64_is_not_aarch64() -> None:
    assert not fits_architecture(find_machine("aarch64"), "aarch64_be")


def test_a_machine_misspelt_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError, match="did you mean armv7l"):
        find_machine("armv7")


def test_every_machine_is_found_by_its_name() -> None:
    assert all(find_machine(name).name == name for name in MACHINES)


@pytest.mark.parametrize(
    ("text", "float_abi", "expected"),
    [
        ("arm-rockchip830-linux-uclibcgnueabihf", "hard", "arm-linux-gnueabihf"),
        ("armv7-alpine-linux-musleabihf", "hard", "arm-linux-gnueabihf"),
        ("arm-linux-uclibcgnueabi", "soft", "arm-linux-gnueabi"),
        ("aarch64-openwrt-linux-musl", None, "aarch64-linux-gnu"),
        ("riscv64-linux-musl", "hard", "riscv64-linux-gnu"),
    ],
)
def test_each_machine_has_a_compiler_of_the_distributions(text: str, float_abi: str | None, expected: str) -> None:
    triplet = parse_triplet(text)
    assert triplet.has_other_libc and not parse_triplet(expected).has_other_libc
    assert triplet_with("glibc", triplet, float_abi) == expected
