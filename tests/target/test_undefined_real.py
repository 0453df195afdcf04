"""Names that nothing defines, in libraries of a real cross compiler: what Python's loader would refuse is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.wheels.repairing.undefined import find_undefined, remark_undefined

pytestmark = pytest.mark.slow

CROSS = "arm-linux-gnueabihf-gcc"
PYTHON = "int PyLong_FromLong(int x) { return x; } int main(void) { return 0; }\n"


class Wheel:
    """A folder with extension modules, a Python that offers one function, and the compiler's libraries."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.libraries = folder / "wheel", folder / "lib"
        self.folder.mkdir()
        self.libraries.mkdir()
        self.python = folder / "python3.13"
        self._compile(PYTHON, self.python, "-rdynamic")

    def compile(self, name: str, source: str, *options: str) -> None:
        self._compile(source, self.folder / name, "-shared", "-fPIC", *options)

    def library(self, name: str, source: str) -> None:
        self._compile(source, self.libraries / name, "-shared", "-fPIC", f"-Wl,-soname,{name}")

    def undefined(self) -> dict[str, tuple[str, ...]]:
        found = find_undefined(find_elf_files(self.folder), self.python, self._search)
        return {path.name: names for path, names in found.items()}

    def _search(self, soname: str) -> Path | None:
        if (self.libraries / soname).exists():
            return self.libraries / soname
        answer = subprocess.run([CROSS, f"-print-file-name={soname}"], capture_output=True, text=True, check=True)
        path = Path(answer.stdout.strip())
        return path if path.is_absolute() else None

    def _compile(self, source: str, product: Path, *options: str) -> None:
        words = [CROSS, "-x", "c", "-", "-x", "none", "-o", str(product), "-w", *options]
        subprocess.run(words, input=source, text=True, check=True)


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    return Wheel(tmp_path)


def test_what_python_and_its_libraries_define_is_theirs(wheel: Wheel) -> None:
    wheel.compile("toy.so", "int f(void) { return PyLong_FromLong(getpid()); }")
    wheel.compile("unlinked.so", "int f(void) { return getpid(); }", "-nostdlib")
    assert wheel.undefined() == {}


def test_a_function_that_this_python_has_not_is_named(wheel: Wheel) -> None:
    wheel.compile("toy.so", "int f(void) { return _PyLong_Gone(1) + PyLong_FromLong(2); }")
    assert wheel.undefined() == {"toy.so": ("_PyLong_Gone",)}


def test_variables_count_and_weak_names_do_not(wheel: Wheel) -> None:
    wheel.compile(
        "toy.so", "extern int lost; extern int maybe __attribute__((weak)); int *f() { return &maybe ?: &lost; }"
    )
    assert wheel.undefined() == {"toy.so": ("lost",)}


def test_another_file_of_the_wheel_may_have_been_loaded_before(wheel: Wheel) -> None:
    wheel.compile("core.so", "int core(void) { return 1; }")
    wheel.compile("toy.so", "int f(void) { return core(); }")
    assert wheel.undefined() == {}


def test_a_library_that_was_linked_offers_its_names(wheel: Wheel) -> None:
    wheel.library("libdeep.so.1", "int deep(void) { return 1; }")
    wheel.compile("toy.so", "int f(void) { return deep(); }", str(wheel.libraries / "libdeep.so.1"))
    wheel.compile("forgot.so", "int f(void) { return deep(); }")
    assert wheel.undefined() == {"forgot.so": ("deep",)}


def test_a_file_that_needs_an_unknown_library_is_not_judged(wheel: Wheel) -> None:
    wheel.library("libgone.so.1", "int gone(void) { return 1; }")
    wheel.compile("toy.so", "int f(void) { return gone() + lost(); }", str(wheel.libraries / "libgone.so.1"))
    (wheel.libraries / "libgone.so.1").unlink()
    assert wheel.undefined() == {}


def test_the_remark_names_three() -> None:
    assert remark_undefined("toy.so", ["a"]).startswith("toy.so uses a, which neither Python nor its libraries define")
    assert "uses a, b, c and 2 more, which" in remark_undefined("toy.so", ["a", "b", "c", "d", "e"])
