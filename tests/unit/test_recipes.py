"""Recipes and plans: declarations become the right commands, and mistakes are reported by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import ConfigurationError
from crosspython.reading import read_data
from crosspython.recipes.cpython import plan_build_python, plan_cpython
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.plan import Autoreconf, Edit, Install, Make, Remove, RequireModules, Run, Symlink, Write, fill
from crosspython.recipes.recipe import NATIVE, for_build_machine, read_patches
from crosspython.recipes.release import LIBEDIT, READLINE, read_release
from crosspython.recipes.series import series_names
from msgspec.structs import fields

from tests.conftest import REPOSITORY
from tests.unit.declared import SHA, board, declare, plan

CPYTHON = REPOSITORY / "components" / "cpython"


def runs(plan) -> list[tuple[str, ...]]:
    return [step.argv for step in (*plan.early, *plan.steps) if isinstance(step, Run)]


def test_autoconf_gets_both_triplets_and_the_prefix() -> None:
    (configure,) = runs(plan("Autoconf", configure=["--disable-static"]))
    assert configure == (
        "./configure",
        "--build={build_triplet}",
        "--host={triplet}",
        "--prefix={prefix}",
        "--disable-static",
    )


def test_a_hand_written_configure_gets_chost_and_no_triplets() -> None:
    made = plan("Autoconf", triplet=False)
    configure = next(step for step in made.steps if isinstance(step, Run))
    assert configure.env == {"CHOST": "{triplet}"}
    assert not any(argument.startswith("--host") for argument in configure.argv)
    assert not any(isinstance(step, Autoreconf) for step in made.steps)


def test_a_bundle_takes_the_shared_libraries_where_a_recipe_names_no_others() -> None:
    assert declare("Autoconf").ships == ("lib/lib*.so.*",)
    assert declare("Autoconf", ships=["bin/*"]).ships == ("bin/*",)


def test_tools_are_named_without_a_path() -> None:
    assert all("/" not in value for value in plan("Autoconf").env.values())


def test_make_is_never_given_a_number_of_jobs() -> None:
    plans = [plan("Autoconf"), plan("Make"), plan("OpenSSL")]
    arguments = [a for each in plans for step in each.steps if isinstance(step, Make) for a in step.arguments]
    assert not any(argument.startswith("-j") for argument in arguments)


@pytest.mark.parametrize(
    ("machine", "target"),
    [("armv7l", "linux-armv4"), ("aarch64", "linux-aarch64"), ("riscv64", "linux64-riscv64")],
)
def test_openssl_has_a_name_of_its_own_for_a_machine(machine: str, target: str) -> None:
    assert target in runs(plan("OpenSSL", board(machine)))[0]


def test_openssl_keeps_its_assembler() -> None:
    assert not any("no-asm" in argv for argv in runs(plan("OpenSSL")))


def test_placeholders_are_filled_and_other_braces_left() -> None:
    assert fill("{prefix}/lib ${prefix} {other}", {"prefix": "/opt"}) == "/opt/lib $/opt {other}"


SOURCE = {"url": "https://x.invalid/a", "sha256": SHA}


def refusal(kind: str = "Autoconf", **said: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        declare(kind, **said)
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("configure", "--disable-static", "configure: expected a list of strings; found '--disable-static'; write ["),
        ("depends", "zlib", "depends: expected a list of strings; found 'zlib'; write ['zlib']"),
        ("depends", ["zlib bzip2"], "depends[0]: expected a string of lower-case letters, digits and . _ + -; found"),
        ("version", 1.0, 'version: expected a string such as "1.3.1"; found 1.0'),
        ("version", "1/0", "version: expected a string such as \"1.3.1\"; found '1/0'"),
        ("name", "Upper", "name: expected a string of lower-case letters, digits and . _ + -; found 'Upper'"),
        ("name", "../up", "name: expected"),
        ("name", "", "name: expected"),
        ("sources", SOURCE, "sources: expected a list of at least one source: [dict(url="),
        ("sources", [], "sources: expected a list of at least one source"),
        ("sources", [{**SOURCE, "sha256": None}], "sources[0].sha256: expected 64 hexadecimal digits"),
        ("sources", [{"url": "https://x.invalid/u"}], "sources[0].sha256: missing, expected 64 hexadecimal digits"),
        ("sources", [{**SOURCE, "url": "x.org/u"}], 'sources[0].url: expected an address such as "https://..."; found'),
        ("sources", [{"sha256": SHA}], "sources[0]: expected a url, a pool, or both; found {'sha256': "),
        ("sources", [SOURCE, {**SOURCE, "uri": "x"}], "sources[1].uri: no such key; did you mean url?"),
        ("environment", ["A=1"], "environment: expected a dict of strings"),
        ("environment", {"A": 1}, "environment.A: expected a string; found 1"),
        ("triplet", "perhaps", "triplet: expected True or False; found 'perhaps'"),
        ("install", "install", "install: expected a list of strings; found 'install'; write ['install']"),
        ("steps", ["make"], "steps[0]: expected a step of crosspython.recipes.plan, such as Run(...)"),
        ("after", Run("a", ("b",)), "after: expected a list of steps, such as [Run(...), Install(...)]; found Run("),
        ("after", [Run("a", "ls -l")], "after[0].argv: expected a command as a list, ["),  # type: ignore[arg-type]
        ("steps", [Edit("a", "(b", "c")], "steps[0]: expected a regular expression as its pattern; found Edit("),
        ("steps", [Edit("a", 3, "c")], "steps[0].pattern: expected a string; found 3"),  # type: ignore[arg-type]
        ("steps", [Edit("a", "b", "c", matches=0)], "steps[0].matches: expected a number of matches above 0; found 0"),
        ("steps", [Run("a", ())], "steps[0].argv: expected a command as a list"),
        ("steps", [Write("/etc/profile", "")], "steps[0].file: expected a relative path without .., such as lib/libz"),
        ("after", [Remove(("lib/x", "lib/../../x"))], "after[0].globs[1]: expected a relative path without .., such"),
        ("after", [Install("*", "..")], "after[0].folder: expected a relative path without .., such as"),
        ("environment", {"A=1": "x"}, "environment: expected a dict of strings"),
        ("ships", ["/lib/*"], "ships[0]: expected a relative path without .., such as"),
        ("license_files", [""], "license_files[0]: expected a relative path without .., such as"),
        ("license", "BSD like", "license: expected an SPDX expression"),
        ("license", 3, "license: expected an SPDX expression"),
        ("license_files", "COPYING", "license_files: expected a list of strings; found 'COPYING'"),
        ("confgure", [], "confgure: no such key; did you mean configure?"),
        ("fortran", 2, "fortran: expected True or False; found 2"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_told_by_its_key(key: str, value: Any, told: str) -> None:
    text = refusal(**{key: value})
    assert f"\n  {told}" in text
    assert "x: the recipe is wrong" in text or key == "name"
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_takes_a_misspelt_option(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="nonsense: no such key"):
        read_data({"nonsense": 1}, KINDS[kind], kind)


def test_cpython_is_told_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean ships\?"):
        read_data({"shps": ["lib/x"]}, KINDS["CPython"], "cpython")


def test_all_mistakes_of_a_recipe_are_told_at_once() -> None:
    text = refusal(configure="--x", depends="zlib", sources=[{"sha256": "12"}, {**SOURCE, "uri": "u"}], license="none")
    for key in ("configure:", "depends:", "sources[0].sha256:", "sources[1].uri:", "license:"):
        assert key in text


def test_a_step_is_as_a_recipe_wrote_it() -> None:
    step = Install("*.h", "include", name="x.h")
    assert plan("Autoconf", after=[step]).steps[-1] == step
    assert plan("Autoconf", after=[Remove(["a"])]).steps[-1] == Remove(("a",))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_every_kind_and_all_that_it_takes(kind: str) -> None:
    page = (REPOSITORY / "docs/components.md").read_text()
    assert f"`env.{kind}`" in page
    assert [field.name for field in fields(KINDS[kind]) if f"`{field.name}`" not in page] == []


def test_a_patch_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "0001-latin.patch").write_bytes(b"--- a/x\n+++ b/x\n+caf\xe9\n")
    with pytest.raises(ConfigurationError) as caught:
        declare("Make", folder=tmp_path).facts()
    assert str(tmp_path / "0001-latin.patch") in str(caught.value)
    assert "the byte 0xe9 in line 3" in str(caught.value)


def test_patches_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0002-b.patch", "0001-a.patch", "notes.patch", "0003-c.diff"):
        (tmp_path / name).touch()
    assert [path.name for path in read_patches(tmp_path)] == ["0001-a.patch", "0002-b.patch"]


def test_a_series_means_its_default_release() -> None:
    assert read_release(CPYTHON, "3.13").version == "3.13.5"


def test_a_patch_release_can_be_named() -> None:
    assert read_release(CPYTHON, "3.13.18").version == "3.13.18"


def test_of_an_unknown_series_the_nearest_are_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, "3.31")
    assert "the newest is python=3.15, security fixes until 2031-10-31 (PEP 790)" in str(caught.value)


def test_an_unknown_patch_release_names_those_known_and_the_file() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, "3.13.99")
    assert "3.13.5" in str(caught.value)
    assert "3.13.toml" in str(caught.value)


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_every_release_has_sources_and_modules(series: str) -> None:
    release = read_release(CPYTHON, series)
    assert release.sources
    assert {"_ssl", "_sqlite3", "_ctypes", "_curses", "readline", "zlib"} <= set(release.modules)
    assert ("_uuid" in release.modules) == ("libuuid" in release.depends)


@pytest.mark.parametrize("series", [name for name in series_names(CPYTHON) if read_release(CPYTHON, name).has_setup_py])
def test_setup_py_searches_the_compilers_folders_in_the_compilers_order(series: str) -> None:
    """Turned round, the libc of the compiler comes before the older one that `libc=` asks for."""
    indent = " " * 36
    code = f"if '/gcc/' not in d:\n{indent}add_dir_to_list(self.compiler.library_dirs,\n{indent}  d)"
    edits = [edit for edit in read_release(CPYTHON, series).edits if edit.file == "setup.py"]
    for edit in edits:
        code = re.sub(edit.pattern, lambda _, edit=edit: edit.replacement, code, flags=re.MULTILINE)
    assert code == f"if '/gcc/' not in d:\n{indent}self.compiler.library_dirs.append(d)"


@pytest.mark.parametrize("series", ["3.5", "3.6", "3.7", "3.8", "3.9"])
def test_old_readline_modules_number_history_as_libedit_does(series: str) -> None:
    def edited(line_editing: str) -> str:
        code = "append_history(nelements, file); replace_history_entry(entry_number, line)"
        for edit in read_release(CPYTHON, series, line_editing).edits:
            if edit.file == "Modules/readline.c":
                code = re.sub(edit.pattern, lambda _, edit=edit: edit.replacement, code)
        return code

    assert edited(LIBEDIT) == "append_history(nelements - 1, file); replace_history_entry(entry_number + 1, line)"
    assert edited(READLINE) == "append_history(nelements, file); replace_history_entry(entry_number, line)"


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_ipv6_is_on_and_the_interpreter_static(series: str) -> None:
    configure = runs(plan_cpython(read_release(CPYTHON, series), shared=False))[0]
    assert "--enable-ipv6" in configure
    assert "--enable-shared" not in configure


def test_a_profile_comes_from_a_first_build_and_is_used_by_the_second() -> None:
    plan = plan_cpython(read_release(CPYTHON, "3.13"), shared=False, optimize="pgo")
    assert plan.trains
    goals = [step.arguments for step in plan.steps if isinstance(step, Make)]
    assert [goal for goal, *_ in goals] == ["profile-gen-stamp", "clean-retain-profile", "profile-opt"]
    assert "-fno-lto" in " ".join(goals[0]) and len(goals[2]) == 1
    assert "--with-lto" in runs(plan)[0]
    assert "{recipe}/training.py" in plan.as_text()


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_the_interpreter_has_a_fixed_address_unless_a_setup_py_compiles_the_modules(series: str) -> None:
    release = read_release(CPYTHON, series)
    text = plan_cpython(release, shared=False).as_text()
    assert ("-no-pie" in text) == ("-fno-pie" in text) == (not release.has_setup_py)


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_modules_of_the_interpreter_itself_are_named_and_need_no_library(series: str) -> None:
    release = read_release(CPYTHON, series)
    built_in = {line.split()[0] for line in release.built_in}
    assert built_in <= set(release.modules)
    assert not built_in & {"zlib", "binascii", "_bz2", "_lzma", "_ssl", "_hashlib", "_sqlite3", "_ctypes", "readline"}
    setup = [step for step in plan_cpython(release, shared=False).early if isinstance(step, Write)]
    assert [step.file for step in setup] == ["Modules/Setup.local"] * bool(built_in)


def test_without_a_profile_nothing_runs_in_the_emulator() -> None:
    for optimize in ("none", "lto"):
        plan = plan_cpython(read_release(CPYTHON, "3.13"), shared=False, optimize=optimize)
        assert not plan.trains
        assert ("--with-lto" in runs(plan)[0]) == (optimize == "lto")


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_every_series_is_built_with_its_build_python(series: str) -> None:
    release = read_release(CPYTHON, series)
    assert plan_cpython(release, shared=False).needs_build_python
    assert not plan_build_python(release).needs_build_python


def test_shared_links_a_libpython() -> None:
    assert "--enable-shared" in runs(plan_cpython(read_release(CPYTHON, "3.13"), shared=True))[0]


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_build_python_has_what_pip_and_build_backends_ask_for(series: str) -> None:
    release = read_release(CPYTHON, series)
    assert {"zlib", "_bz2", "_lzma", "_ctypes", "_sqlite3", "_socket", "pyexpat"} <= set(release.build_modules)
    assert not {"_ssl", "_hashlib", "_curses", "readline", "_uuid", "_tkinter"} & set(release.build_modules)
    assert RequireModules(release.build_modules) in plan_build_python(release).steps


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_what_build_python_does_without_is_switched_off_by_name(series: str) -> None:
    release = read_release(CPYTHON, series)
    text = plan_build_python(release).as_text()
    unsaid = [name for name in release.build_without if f"_{name}=n/a" not in text and f"'{name}'" not in text]
    assert unsaid == []


def test_a_component_for_the_build_machine_has_another_name_and_is_not_shipped() -> None:
    recipe = declare("Make", name="a", depends=["b"])
    native = for_build_machine(recipe)
    assert (native.name, native.depends, native.machine, native.ships) == ("build-a", ("build-b",), NATIVE, ())
    assert (native.plan, native.sources) == (recipe.plan, recipe.sources)


def test_build_python_knows_nothing_of_the_target() -> None:
    assert "{triplet}" not in plan_build_python(read_release(CPYTHON, "3.13")).as_text()


def test_only_old_series_need_libxcrypt_and_only_new_ones_zstd() -> None:
    depends = {series: read_release(CPYTHON, series).depends for series in series_names(CPYTHON)}
    assert {series for series, names in depends.items() if "libxcrypt" in names} == {
        "3.5",
        "3.6",
        "3.7",
        "3.8",
        "3.9",
        "3.10",
        "3.11",
        "3.12",
    }
    assert [series for series, names in depends.items() if "zstd" in names] == ["3.14", "3.15"]


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_line_editing_is_libedits_unless_gnu_readline_is_asked_for(series: str) -> None:
    release, gnu = read_release(CPYTHON, series), read_release(CPYTHON, series, READLINE)
    assert ("libedit" in release.depends, "readline" in release.depends) == (True, False)
    assert ("libedit" in gnu.depends, "readline" in gnu.depends) == (False, True)
    texts = [plan_cpython(each, shared=False).as_text() for each in (release, gnu)]
    assert ["-ledit" in text or "--with-readline=editline" in text for text in texts] == [True, False]


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_sqlite_may_load_extensions(series: str) -> None:
    configure = runs(plan_cpython(read_release(CPYTHON, series), shared=False))[0]
    assert "--enable-loadable-sqlite-extensions" in configure


def test_a_license_is_spelt_as_spdx_spells_it() -> None:
    recipe = declare("Autoconf", license="mit or apache-2.0", license_files=["COPYING"])
    assert recipe.license == "MIT OR Apache-2.0"
    assert recipe.facts()["licence"] == "MIT OR Apache-2.0\nCOPYING"
    assert declare("Autoconf", license="LicenseRef-Vendor").license == "LicenseRef-Vendor"
    assert declare("Autoconf", license="").license == ""


def test_a_python_without_the_gil_is_called_so_everywhere_but_in_its_number() -> None:
    release, plain = read_release(CPYTHON, "3.13t"), read_release(CPYTHON, "3.13")
    assert (release.version, release.series, release.number, release.series_number) == (
        *("3.13.5t", "3.13t"),
        *("3.13.5", "3.13"),
    )
    assert (release.interpreter, release.abi, release.include) == ("cp313", "cp313t", "include/python3.13t")
    assert release.sources == plain.sources == read_release(CPYTHON, "3.13.5t").sources
    for told in (plan_cpython(release, shared=False), plan_build_python(release)):
        assert "--disable-gil" in runs(told)[0]
    text = plan_cpython(release, shared=False).as_text()
    assert "lib/python3.13t/site-packages" in text and "lib/python3.13/" not in text
    assert "--disable-gil" not in plan_cpython(plain, shared=False).as_text()


def test_a_series_that_cannot_do_without_the_gil_names_those_that_can() -> None:
    with pytest.raises(ConfigurationError, match=r"python=3\.12t") as caught:
        read_release(CPYTHON, "3.12t")
    assert caught.value.expected == "python=3.13t or python=3.14t or python=3.15t"


@pytest.mark.parametrize("python", ["3.5", "3.13t", "3.13"])
def test_an_interpreter_with_letters_is_there_once(python: str) -> None:
    release = read_release(CPYTHON, python)
    links = [step for step in plan_cpython(release, shared=False).steps if isinstance(step, Symlink)]
    names = {"3.5": ["bin/python3.5m"], "3.13t": ["bin/python3.13t"], "3.13": []}[python]
    assert [step.link for step in links] == ["bin/python", *names]
