"""The modules of a wheel that can be imported, read from its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.wheels.repairing.modules import Modules, read_modules

from tests.unit.made_elf import make_elf
from tests.unit.made_wheel import make_wheel

NAME = "toy-1.0-cp313-cp313-linux_armv7l.whl"


def module(name: str) -> bytes:
    return make_elf(tail=f"\0PyInit_{name}\0".encode())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"toy/__init__.py": "", "toy/a.py": "", "toy/sub/__init__.py": ""}, Modules(("toy",), ())),
        ({"toy.py": "", "_toy.abi3.so": module("_toy")}, Modules(("_toy", "toy"), ("_toy",))),
        ({"toy/__init__.py": "", "toy/_c.cpython-313-x.so": module("_c")}, Modules(("toy",), ("toy._c",))),
        ({"google/toy/__init__.py": "", "google/toy/a.py": ""}, Modules(("google.toy",), ())),
        ({"toy/__init__.cpython-313-x.so": module("toy")}, Modules(("toy",), ("toy",))),
        ({"toy-stubs/__init__.py": "", "toy.libs/libz.so": make_elf()}, Modules((), ())),
        ({"toy-1.0.data/platlib/toy.py": "", "toy-1.0.data/scripts/run.py": ""}, Modules(("toy",), ())),
        ({"toy.py": "", "toy/libfoo.so": make_elf(), "toy/text.so": "\0PyInit_text\0"}, Modules(("toy",), ())),
    ],
    ids=["package", "at the top", "extension", "namespace", "compiled package", "no modules", "data", "no extensions"],
)
def test_modules_are_found(tmp_path: Path, files: dict[str, bytes | str], found: Modules) -> None:
    assert read_modules(make_wheel(tmp_path, NAME, files)) == found
