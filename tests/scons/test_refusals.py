"""An error names the user's own file and line, whichever method reports it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.scons.test_embedding import HOST, TOOL, Host

BEFORE = (HOST + TOOL).count("\n")
SOURCE = 'sources=[dict(url="https://upstream.invalid/x-1.0.tar.gz", sha256="00" * 32)]'


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (TOOL.strip().replace("rv1126", "rv1125"), "target=rv1125: no such target"),
        (TOOL.strip().replace("target=", 'toolchain="sdk", target='), "set up twice"),
        ('env.Autoconf("foo", "1.0", sources=[])', "sources: expected a list of at least one source"),
        (f'env.Make("foo", "1.0", {SOURCE}, depends=["bar"])', "no component is called 'bar'"),
        (f'env.CMake("foo", "1.0", {SOURCE}, nonsense=1)', "nonsense: no such key"),
        (
            f'env.Autoconf("foo", "1.0", {SOURCE}, triplet="perhaps")',
            "triplet: expected True or False; found 'perhaps'",
        ),
        ('env.Components(); env.Bundle(also=["nothing"])', "no component is called 'nothing'"),
        ('env.Components(); env.Bundle(); env.Bundle(also=["zlib", "geos"])', "declared twice"),
        ('env.Wheels("not a requirement!")', "requirement!: not a requirement"),
        ('env.Wheels("six", binary="nver")', "binary"),
        ('env.Deploy("x", board="ro ot@")', "ro ot@"),
        ("env.CheckBundle()", "env.CheckBundle()"),
        ("env.CheckBundle(3)", "env.CheckBundle(bundle=3)"),
        ("env.Deploy(None or [3], board='a@b')", "env.Deploy(bundle=[3])"),
        ("env.CheckBoard(3)", "env.CheckBoard(bundle=3)"),
        ("env.CheckWheels([], [None])", "env.CheckWheels(wheels=[None])"),
        ('env.CPython("3.13")', "env.CPython(): too many arguments"),
        ('env.Make("foo", "1.0", "2.0")', "env.Make(): too many arguments"),
        ('env.Make("foo", name="bar")', "env.Make(): too many arguments"),
        ('env.CPython(shps=["lib/x"])', "shps: no such key; did you mean ships?"),
    ],
)
def test_a_refusal_names_the_line_that_asked(host: Host, call: str, what: str) -> None:
    host.write(TOOL, "", call)
    output = host.scons(code=2)
    assert what in output
    assert f'File "{host.folder}/SConstruct", line {BEFORE + 3}, in <module>' in output
    assert "Traceback" not in output


def test_what_the_system_refuses_is_one_sentence_too(host: Host) -> None:
    (host.folder / "pylock.toml").mkdir()
    host.write(TOOL.replace("target=", 'lock="pylock.toml", target='), "env.Wheels()")
    output = host.scons(code=2)
    assert f'File "{host.folder}/SConstruct", line' in output
    assert "Traceback" not in output


def test_the_place_is_in_the_users_own_function(host: Host) -> None:
    (host.folder / "python.scons").write_text(
        'Import("env")\ndef python():\n    return env.Wheels(nonsense=1)\npython()\n'
    )
    host.write(TOOL, 'SConscript("python.scons", exports="env")')
    assert f'File "{host.folder}/python.scons", line 3, in python' in host.scons(code=2)


def test_every_lent_method_does(host: Host) -> None:
    host.write(
        TOOL,
        "import traceback",
        "from SCons.Errors import UserError",
        "names = [wrapper.name for wrapper in env.added_methods if hasattr(wrapper.method, 'lent')]",
        "for name in names:",
        "    try:",
        "        getattr(env, name)(nonsense=1)",
        "    except UserError as error:",
        "        place = traceback.extract_tb(error.__traceback__)[-1]",
        "        print('PLACE', name, place.lineno, place.filename)",
    )
    places = re.findall(r"^PLACE (\w+) (\d+) (.*)$", host.scons(), re.MULTILINE)
    assert len(places) > 15
    assert {(line, file) for _, line, file in places} == {(str(BEFORE + 7), f"{host.folder}/SConstruct")}


RECIPE = """\
Import("env")
from crosspython.recipes.plan import Edit, Run

foo = env.Autoconf(
    "foo",
    1.0,
    sources=[
        dict(url="https://upstream.invalid/x-1.0.tar.gz", sha256=None),
        {
            "url": "https://upstream.invalid/x-1.0.tar.gz",
            "sha-256": "0",
        },
    ],
    depends="zlib",
    steps=[
        Edit("Makefile", "a", "b"),
        Run("look", "ls -l"),
    ],
    configure=[*["--a"], 1],
    nonsense=True,
    others={
        "0.9": dict(
            make="all",
        ),
    },
)
"""
LINES = {
    "version: expected": 6,
    "sources[0].sha256: expected": 8,
    "sources[1].sha-256: no such key; did you mean sha256?": 11,
    "sources[1].sha256: missing": 9,
    "depends: expected": 14,
    "steps[1].argv: expected": 17,
    "configure[1]: expected": 19,
    "nonsense: no such key": 20,
    "others.0.9.make: expected a list of strings": 23,
}


def test_all_mistakes_of_a_recipe_are_told_at_once_with_their_lines(host: Host) -> None:
    (host.folder / "foo").mkdir()
    (host.folder / "foo/SConscript").write_text(RECIPE)
    host.write(TOOL, 'SConscript("foo/SConscript", exports="env")')
    output = host.scons(code=2)
    assert "foo: the recipe is wrong" in output
    told = re.findall(r"^  line (\d+): (.*)$", output, re.MULTILINE)
    assert len(told) == len(LINES)
    for start, line in LINES.items():
        assert [number for number, text in told if text.startswith(start)] == [str(line)], start
    assert f'File "{host.folder}/foo/SConscript", line 4, in <module>' in output
    assert "Traceback" not in output


def test_a_mistake_in_options_that_were_made_elsewhere_names_the_call(host: Host) -> None:
    host.write(
        TOOL, 'COMMON = dict(configure="--x")', "def foo():", f'    env.Make("foo", "1", {SOURCE}, **COMMON)', "foo()"
    )
    assert f"line {BEFORE + 4}: configure: no such key" in host.scons(code=2)


def test_a_patch_that_is_not_utf8_names_its_file_and_the_call(host: Host) -> None:
    (host.folder / "0001-latin.patch").write_bytes(b"--- a/x\n+caf\xe9\n")
    host.write(TOOL, f'env.Make("foo", "1.0", {SOURCE})')
    output = host.scons(code=2)
    assert f"UTF-8 in {host.folder}/0001-latin.patch" in output
    assert f'File "{host.folder}/SConstruct", line {BEFORE + 2}, in <module>' in output
    assert "Traceback" not in output


def test_sconss_own_lists_are_lists(host: Host) -> None:
    host.write(
        TOOL,
        "from SCons.Util import CLVar",
        f'env.Autoconf("foo", "1.0", {SOURCE}, configure=env.Split("--a --b"), make=CLVar("x y"), triplet="no")',
    )
    assert "building foo 1.0" in host.scons("-n")


def test_a_python_package_that_is_missing_is_one_sentence_with_the_command(host: Host) -> None:
    host.write('import sys; sys.modules["msgspec"] = None', TOOL)
    output = host.scons(code=None)
    assert "scons: *** crosspython needs the Python module 'msgspec', which is not installed" in output
    assert f"-m pip install -r {REPOSITORY / 'requirements.txt'}" in output
    assert "Traceback" not in output


def test_a_project_in_a_folder_called_scons_has_lines_of_its_own(tmp_path: Path) -> None:
    host = Host(tmp_path / "SCons" / "host")
    host.write(TOOL, 'env.Autoconf("foo")')
    assert f"line {BEFORE + 2}: version: missing" in host.scons(code=2)  # SCons itself takes such a file for its own
