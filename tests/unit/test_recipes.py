"""Recipes and plans: what is declared turns into the right commands, and mistakes are told by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.names import check_known
from crosspython.recipes.autoconf import plan_autoconf
from crosspython.recipes.cpython import plan_build_python, plan_cpython
from crosspython.recipes.make import plan_make
from crosspython.recipes.openssl import openssl_target, plan_openssl
from crosspython.recipes.plan import Autoreconf, Make, RequireModules, Run, fill
from crosspython.recipes.recipe import NATIVE, for_build_machine, make_recipe, read_patches, read_sources
from crosspython.recipes.release import READLINE, read_release, series_names

from tests.conftest import REPOSITORY

SHA = "0" * 64
CPYTHON = REPOSITORY / "components" / "cpython"


def runs(plan) -> list[tuple[str, ...]]:
    return [step.argv for step in (*plan.early, *plan.steps) if isinstance(step, Run)]


def test_autoconf_gets_both_triplets_and_the_prefix() -> None:
    (configure,) = runs(plan_autoconf(configure=["--disable-static"]))
    assert configure == (
        "./configure",
        "--build={build_triplet}",
        "--host={triplet}",
        "--prefix={prefix}",
        "--disable-static",
    )


def test_a_hand_written_configure_gets_chost_and_no_triplets() -> None:
    plan = plan_autoconf(triplet=False)
    configure = next(step for step in plan.steps if isinstance(step, Run))
    assert configure.env == {"CHOST": "{triplet}"}
    assert not any(argument.startswith("--host") for argument in configure.argv)
    assert not any(isinstance(step, Autoreconf) for step in plan.steps)


def test_tools_are_named_without_a_path() -> None:
    assert all("/" not in value for value in plan_autoconf().env.values())


def test_make_is_never_given_a_number_of_jobs() -> None:
    plans = [plan_autoconf(), plan_make(), plan_openssl("armv7l")]
    arguments = [a for plan in plans for step in plan.steps if isinstance(step, Make) for a in step.arguments]
    assert not any(argument.startswith("-j") for argument in arguments)


@pytest.mark.parametrize(
    ("machine", "target"),
    [("armv7l", "linux-armv4"), ("aarch64", "linux-aarch64"), ("riscv64", "linux64-riscv64")],
)
def test_openssl_has_a_name_of_its_own_for_a_machine(machine: str, target: str) -> None:
    assert openssl_target(machine) == target


def test_openssl_says_which_machines_it_knows() -> None:
    with pytest.raises(ConfigurationError, match="no Configure target") as caught:
        openssl_target("vax")
    assert "armv7l" in str(caught.value)


def test_openssl_keeps_its_assembler() -> None:
    assert not any("no-asm" in argv for argv in runs(plan_openssl("armv7l")))


def test_placeholders_are_filled_and_other_braces_left() -> None:
    assert fill("{prefix}/lib ${prefix} {other}", {"prefix": "/opt"}) == "/opt/lib $/opt {other}"


def test_sources_tell_all_mistakes_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_sources("zlib", [{"url": "https://x.invalid/a", "sha256": "12"}, {"sha256": SHA, "uri": "x"}])
    text = str(caught.value)
    assert "64 hexadecimal digits" in text
    assert "unknown keys: uri" in text
    assert "neither url nor pool" in text


def test_a_recipe_without_sources_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="sources are wrong"):
        make_recipe("x", "1", sources=[], folder=Path(), plan=plan_make())


@pytest.mark.parametrize("name", ["Upper", "with space", "", "../up"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="bad name"):
        make_recipe(name, "1", sources=[{"url": "https://x.invalid/a", "sha256": SHA}], folder=Path(), plan=plan_make())


def test_an_unknown_option_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_known("zlib: unknown option{s}", ["confgure"], ["configure", "make"])
    assert "did you mean configure?" in str(caught.value)


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
    assert "the newest is python=3.14" in str(caught.value)


def test_an_unknown_patch_release_names_those_known_and_the_file() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, "3.13.99")
    assert "3.13.5" in str(caught.value)
    assert "3.13.toml" in str(caught.value)


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_every_release_has_sources_and_modules(series: str) -> None:
    release = read_release(CPYTHON, series)
    assert release.sources
    assert {"_ssl", "_sqlite3", "_ctypes", "_curses", "readline", "_uuid", "zlib"} <= set(release.modules)


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_ipv6_is_on_and_the_interpreter_static(series: str) -> None:
    configure = runs(plan_cpython(read_release(CPYTHON, series), shared=False))[0]
    assert "--enable-ipv6" in configure
    assert "--enable-shared" not in configure


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
    recipe = make_recipe(
        "a", "1", sources=[{"url": "u", "sha256": SHA}], folder=Path(), plan=plan_make(), depends=("b",)
    )
    native = for_build_machine(recipe)
    assert (native.name, native.depends, native.machine, native.ships) == ("build-a", ("build-b",), NATIVE, ())
    assert (native.plan, native.sources) == (recipe.plan, recipe.sources)


def test_build_python_knows_nothing_of_the_target() -> None:
    assert "{triplet}" not in plan_build_python(read_release(CPYTHON, "3.13")).as_text()


def test_only_old_series_need_libxcrypt_and_only_new_ones_zstd() -> None:
    depends = {series: read_release(CPYTHON, series).depends for series in series_names(CPYTHON)}
    assert {series for series, names in depends.items() if "libxcrypt" in names} == {"3.9", "3.11"}
    assert {series for series, names in depends.items() if "zstd" in names} == {"3.14"}


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_line_editing_is_libedits_unless_gnu_readline_is_asked_for(series: str) -> None:
    release, gnu = read_release(CPYTHON, series), read_release(CPYTHON, series, READLINE)
    assert ("libedit" in release.depends, "readline" in release.depends) == (True, False)
    assert ("libedit" in gnu.depends, "readline" in gnu.depends) == (False, True)
    texts = [plan_cpython(each, shared=False).as_text() for each in (release, gnu)]
    wanted = "-ledit" if series == "3.9" else "--with-readline=editline"
    assert [wanted in text for text in texts] == [True, False]


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_sqlite_may_load_extensions(series: str) -> None:
    configure = runs(plan_cpython(read_release(CPYTHON, series), shared=False))[0]
    assert "--enable-loadable-sqlite-extensions" in configure


def test_a_license_is_an_spdx_expression(tmp_path: Path) -> None:
    sources = [{"url": "https://example.org/a.tar.gz", "sha256": SHA}]
    options = {"sources": sources, "folder": tmp_path, "plan": plan_autoconf()}
    recipe = make_recipe("a", "1", license="mit or apache-2.0", license_files=("COPYING",), **options)
    assert recipe.license == "MIT OR Apache-2.0"
    assert recipe.facts()["licence"] == "MIT OR Apache-2.0\nCOPYING"
    assert make_recipe("a", "1", license="LicenseRef-Vendor", **options).license == "LicenseRef-Vendor"
    with pytest.raises(ConfigurationError, match="SPDX") as caught:
        make_recipe("a", "1", license="BSD like", **options)
    assert "BSD like" in (caught.value.found or "")
