"""The times noted in .pyc files; the files are made by this machine's Python."""

from __future__ import annotations

import importlib.util
import marshal
import os
import py_compile
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.finish.bytecode import COMPILE_MODULES, has_bytecode, remove_stale_bytecode, stamp_bytecode
from crosspython.recipes.plan import CompilePython
from crosspython.stages.steps import UNCOMPILED, carry_out

EPOCH = 1700000000


def compile_module(folder: Path, mode: py_compile.PycInvalidationMode) -> tuple[Path, Path]:
    source = folder / "module.py"
    source.write_text("x = 1\n")
    return source, Path(py_compile.compile(str(source), doraise=True, invalidation_mode=mode) or "")


def test_python_takes_a_stamped_file_for_its_source_of_that_time(tmp_path: Path) -> None:
    source, bytecode = compile_module(tmp_path, py_compile.PycInvalidationMode.TIMESTAMP)
    assert stamp_bytecode(bytecode, EPOCH)
    os.utime(source, (EPOCH, EPOCH))
    before = bytecode.read_bytes()
    spec = importlib.util.spec_from_file_location("module", source)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert bytecode.read_bytes() == before  # else Python would have written a new one


@pytest.mark.parametrize("mode", ["CHECKED_HASH", "UNCHECKED_HASH"])
def test_a_file_that_notes_no_time_stays(tmp_path: Path, mode: str) -> None:
    _source, bytecode = compile_module(tmp_path, py_compile.PycInvalidationMode[mode])
    assert not stamp_bytecode(bytecode, EPOCH)


def test_a_file_of_python_3_6_has_its_time_where_flags_are_now(tmp_path: Path) -> None:
    path = tmp_path / "old.pyc"
    path.write_bytes(struct.pack("<H2sII", 3379, b"\r\n", 1, 6) + b"code")
    assert stamp_bytecode(path, EPOCH)
    assert path.read_bytes() == struct.pack("<H2sII", 3379, b"\r\n", EPOCH, 6) + b"code"


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    _source, bytecode = compile_module(tmp_path, py_compile.PycInvalidationMode.TIMESTAMP)
    stamp_bytecode(bytecode, EPOCH)
    assert not stamp_bytecode(bytecode, EPOCH)


def test_what_only_has_the_name_stays(tmp_path: Path) -> None:
    path = tmp_path / "bad.pyc"
    path.write_bytes(b"not bytecode at all")
    assert not stamp_bytecode(path, EPOCH) and path.read_bytes() == b"not bytecode at all"


def test_bytecode_of_a_changed_source_goes(tmp_path: Path) -> None:
    source, bytecode = compile_module(tmp_path, py_compile.PycInvalidationMode.TIMESTAMP)
    assert remove_stale_bytecode([source]) == 1 and not bytecode.exists()


def compile_python(tmp_path: Path) -> Path:
    """A standard library and a package, byte-compiled by the step of a plan; its folder."""
    library = tmp_path / "stage/opt/python/lib/python3.13"
    for name in ("somewhere/decoder.py", "site-packages/pip/main.py"):
        (library / name).parent.mkdir(parents=True)
        (library / name).write_text("answer = 42\n")
    places = {"build_python": sys.executable}
    build = SimpleNamespace(
        stage=tmp_path / "stage/opt/python", destdir=tmp_path / "stage", work=tmp_path, places=places
    )
    build.run = lambda argv, cwd, jobs: subprocess.run(argv, cwd=cwd, check=True)
    carry_out(CompilePython("lib/python3.13"), build)  # type: ignore[arg-type]
    return library


def import_it(library: Path, name: str, site: str = "") -> str:
    """The output of a module in a Python that may write bytecode."""
    program = f"import sys; sys.path.insert(0, {str(library / site)!r}); import {name} as m; print(m.answer)"
    command = [sys.executable, "-S", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_tree_that_was_copied_with_new_times_is_not_compiled_again(tmp_path: Path) -> None:
    library = compile_python(tmp_path)
    compiled = sorted(library.rglob("*.pyc"))
    assert len(compiled) == 2
    before = [path.read_bytes() for path in compiled]
    for path in library.rglob("*.py"):
        os.utime(path, (EPOCH, EPOCH))
    assert [import_it(library, "somewhere.decoder"), import_it(library, "pip.main", "site-packages")] == ["42", "42"]
    assert [path.read_bytes() for path in compiled] == before


def test_a_package_that_a_user_edits_is_looked_at_again(tmp_path: Path) -> None:
    library = compile_python(tmp_path)
    (library / "site-packages/pip/main.py").write_text("answer = 43\n")
    assert import_it(library, "pip.main", "site-packages") == "43"


def test_what_is_compiled_is_not_compiled_twice(tmp_path: Path) -> None:
    library = compile_python(tmp_path)
    assert has_bytecode(library / "somewhere/decoder.py")
    assert not has_bytecode(library / "somewhere/code.py")


def test_modules_are_compiled_to_where_their_copies_will_lie_and_bad_ones_left_out(tmp_path: Path) -> None:
    library, stage = tmp_path / "Lib", tmp_path / "stage"
    library.mkdir()
    library.joinpath("good.py").write_text("def f(): pass\n")
    library.joinpath("bad.py").write_text("def f(:\n")
    library.joinpath("binary.py").write_bytes(b"x = '\xff'\n")
    copies = stage / "opt/python/lib"
    lines = (f"{library / name}\t{copies / name}\n" for name in ("good.py", "bad.py", "binary.py"))
    (tmp_path / "share").write_text("".join(lines))
    subprocess.run([sys.executable, COMPILE_MODULES, tmp_path / "share", stage, "unchecked"], check=True)
    [compiled] = (path for path in stage.rglob("*") if path.is_file())
    assert compiled == Path(importlib.util.cache_from_source(str(copies / "good.py")))
    assert struct.unpack_from("<I", compiled.read_bytes(), 4) == (1,)  # by hash, and not checked
    code = marshal.loads(compiled.read_bytes()[16:])
    assert code.co_filename == "/opt/python/lib/good.py"


def compile_one(tmp_path: Path, text: str, *words: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """compile_modules.py for one module, by a Python to which something was done before."""
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "share").write_text(f"{tmp_path}/one.py\t{tmp_path}/one.py\n")
    arguments = [str(COMPILE_MODULES), str(tmp_path / "share"), str(tmp_path), *words]
    program = f"{before}\nimport runpy, sys; sys.argv = {arguments!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_a_python_before_3_7_is_asked_for_no_mode_that_it_does_not_know(tmp_path: Path) -> None:
    older = """import py_compile
del py_compile.PycInvalidationMode
py_compile.compile = lambda file, cfile, dfile, doraise: open(cfile, 'w').write(dfile)"""
    assert compile_one(tmp_path, "x = 1\n", "unchecked", before=older).returncode == 0
    [compiled] = (tmp_path / "__pycache__").iterdir()
    assert compiled.read_text() == "/one.py"


def test_what_cannot_be_compiled_is_told_where_that_is_asked_for(tmp_path: Path) -> None:
    assert compile_one(tmp_path, "def f(:\n", "checked").returncode == 0
    done = compile_one(tmp_path, "def f(:\n", "checked", "strict")
    assert done.returncode == 1 and "one.py" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "lib/python3.11/lib2to3/tests/data/bom.py",
        "lib/python3.12/test/test_lib2to3/data/bom.py",
        "lib/python3.13/test/tokenizedata/bad_coding.py",
        "lib/python3.9/test/badsyntax_3131.py",
    ],
)
def test_modules_that_are_no_python_are_not_compiled(path: str) -> None:
    assert UNCOMPILED.search(path)
