"""A Python with its own libc refuses libraries of another one, by what their files say, and passes on all others."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from crosspython.stages import private_libc
from crosspython.targets.libc import LIBCS, USUAL

from tests.unit.made_elf import make_elf

GUARD = Path(private_libc.__file__).parent / "data" / "guarded_ctypes.py"
# Stands for the extension: opens whatever it is asked for.
EXTENSION = "def dlopen(name, *flags): return 'opened'\n"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A standard library's folder with the guard in it, which has taken _ctypes's place."""
    (tmp_path / "lib-dynload").mkdir()
    (tmp_path / "lib-dynload" / "_ctypes.py").write_text(EXTENSION)
    (tmp_path / "_ctypes.py").write_bytes(GUARD.read_bytes())
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    spec = spec_from_file_location("_ctypes", tmp_path / "_ctypes.py")
    assert spec is not None and spec.loader is not None
    monkeypatch.setitem(sys.modules, "_ctypes", module_from_spec(spec))
    spec.loader.exec_module(sys.modules["_ctypes"])
    return tmp_path


def opened(name: object) -> Any:
    extension: Any = sys.modules["_ctypes"]
    return extension.dlopen(name, 2)


@pytest.mark.parametrize(
    ("needed", "libc"),
    [
        (["libm.so.0", "libc.so.0"], "uClibc"),
        (["libc.so.1"], "uClibc"),
        (["libc.musl-armv7.so.1"], "musl"),
        (["libc.so"], "musl or Android's libc"),
    ],
)
@pytest.mark.parametrize("layout", [{}, {"bits": 64, "machine": 183, "flags": 0}, {"little_endian": False}])
def test_a_library_of_another_libc_is_refused(
    library: Path, needed: list[str], libc: str, layout: dict[str, Any]
) -> None:
    path = library / "libvendor.so"
    path.write_bytes(make_elf(needed=needed, **layout))
    with pytest.raises(OSError, match=re.escape(f"{path}: it was linked for {libc}, but this Python brings its own")):
        opened(str(path))


@pytest.mark.parametrize("name", [name for name in LIBCS if name != USUAL])
def test_a_library_of_each_libc_but_our_own_is_refused(library: Path, name: str) -> None:
    soname = LIBCS[name].libraries[0].replace("[01]", "0")
    path = library / "libvendor.so"
    path.write_bytes(make_elf(needed=[soname]))
    with pytest.raises(OSError, match="it was linked for "):
        opened(str(path))


@pytest.mark.parametrize("name", [None, "libnowhere.so.9", b"libnowhere.so.9"])
def test_what_names_no_file_is_left_to_the_loader(library: Path, name: object) -> None:
    assert opened(name) == "opened"


@pytest.mark.parametrize("content", [make_elf(needed=["libc.so.6"]), make_elf(needed=["libc.so.0"])[:90], b"text", b""])
def test_others_are_opened(library: Path, content: bytes) -> None:
    (library / "libvendor.so").write_bytes(content)
    assert opened(str(library / "libvendor.so")) == "opened"


def test_a_name_alone_is_looked_for_where_the_loader_looks(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library / "libvendor.so").write_bytes(make_elf(needed=["libc.so.0"]))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/none:{library}")
    with pytest.raises(OSError, match="linked for uClibc"):
        opened("libvendor.so")


def test_the_libc_itself_is_refused(library: Path) -> None:
    (library / "ld-musl-armhf.so.1").write_bytes(make_elf(soname="libc.so"))
    with pytest.raises(OSError, match="linked for musl"):
        opened(str(library / "ld-musl-armhf.so.1"))
