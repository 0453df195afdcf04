"""What may stand in a target's file: the keys, their types, and what must agree with what.

Judges values that were read, all at once, and knows neither files nor compilers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crosspython.errors import ConfigurationError
from crosspython.targets.machines import find_machine, fits_architecture
from crosspython.targets.triplet import Triplet, parse_triplet

# Key -> its type, a pattern that text has to match as a whole, and how that reads.
KEYS: dict[str, tuple[type, str, str]] = {
    "description": (str, r".+", "a line of text"),
    "machine": (str, r".+", "what uname -m says on the board"),
    "triplet": (str, r".+", "such as arm-linux-gnueabihf"),
    "prefixes": (list, r"[^/\s]*[^/\s-]", "names such as arm-linux-gnueabihf, without a folder and the last dash"),
    "cflags": (list, r"-\S+", "one flag each, such as -mcpu=cortex-a7"),
    "float_abi": (str, r".+", "hard or soft"),
    "libc_baseline": (str, r"(glibc|musl|uclibc) \d+\.\d+(\.\d+)*", "like 'glibc 2.31' or 'musl 1.2'"),
    "kernel": (str, r"\d+\.\d+(\.\d+)*", "such as 4.19"),
    "emulator_cpu": (str, r"\S+", "a CPU that QEMU knows, such as cortex-a7"),
    "prefix": (str, r"/(?!usr/?$)[^\s:]*[^\s:/]/?", "an absolute path of the board, such as /opt/python"),
}
REQUIRED = ("machine", "triplet")


def find_problems(values: Mapping[str, Any], *, whole: bool = True) -> list[str]:
    """Return a line for each thing that is wrong; `whole` is False for values that complete others."""
    problems = [problem for key, value in values.items() if key in KEYS and (problem := _judge_value(key, value))]
    if whole:
        problems += [f"{key}: missing, expected {KEYS[key][2]}" for key in REQUIRED if key not in values]
    if not problems:
        problems += _judge_agreement(values)
    return problems


def _judge_value(key: str, value: Any) -> str | None:
    kind, pattern, reads = KEYS[key]
    if kind is str and not isinstance(value, str):
        return f"{key}: expected a string, {reads}; found {_name_type(value)}"
    if kind is list and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return f"{key}: expected a list of strings, {reads}; found {_name_type(value)}"
    if key == "prefixes" and not value:
        return f"{key}: expected at least one"
    wrong = [item for item in (value if kind is list else [value]) if not re.fullmatch(pattern, item)]
    return f"{key}: {', '.join(map(repr, wrong))} is not {reads}" if wrong else None


def _name_type(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a string", dict: "a table"}
    if isinstance(value, list):
        return "a list with something else in it"
    return names.get(type(value), "a date or time")


def _judge_agreement(values: Mapping[str, Any]) -> list[str]:
    """Machine, triplet, float ABI and flags say the same."""
    if "machine" not in values or "triplet" not in values:
        return []
    try:
        machine, triplet = find_machine(values["machine"]), parse_triplet(values["triplet"])
    except ConfigurationError as error:
        return [f"{error.what}; expected {error.expected}"]
    problems = []
    if not triplet.is_linux:
        problems.append(f"triplet: {triplet.text!r} is for bare metal, not for Linux")
    elif not fits_architecture(machine, triplet.architecture):
        problems.append(f"triplet: a compiler for {triplet.text!r} does not make code for {machine.name}")
    return problems or _judge_float_abi(values, triplet, machine.float_abis)


def _judge_float_abi(values: Mapping[str, Any], triplet: Triplet, known: tuple[str, ...]) -> list[str]:
    wanted = values.get("float_abi", triplet.float_abi)
    if wanted is None:
        return [f"float_abi: missing, expected {' or '.join(known)}"] if known else []
    if wanted not in known:
        allowed = f"none of {', '.join(known)}" if known else f"more than {values['machine']} has: leave it out"
        return [f"float_abi: {wanted!r} is {allowed}"]
    problems = []
    if triplet.float_abi not in (None, wanted):
        problems.append(f"float_abi: {wanted} does not go with triplet {triplet.text!r}")
    for flag in values.get("cflags", ()):
        if _float_abi_of_flag(flag) not in (None, wanted):
            problems.append(f"cflags: {flag} does not go with float_abi {wanted}")
    return problems


def _float_abi_of_flag(flag: str) -> str | None:
    """GCC: ARM's softfp calls like soft; RISC-V's lp64d passes doubles in registers, lp64 passes none."""
    name, _, value = flag.partition("=")
    if name == "-mfloat-abi":
        return "hard" if value == "hard" else "soft"
    if name == "-mabi" and value.startswith("lp64"):
        return {"lp64d": "hard", "lp64": "soft"}.get(value, value)
    return None
