"""Which component brings what a package misses: asked by header, library and package, and told in the error."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from crosspython.errors import StepError
from crosspython.recipes.release import READLINE, read_release
from crosspython.recipes.series import series_names
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.wheels.known.causes import explain_build_failure
from crosspython.wheels.known.libraries import component_that_brings, read_libraries
from crosspython.wheels.known.overrides import SHIPPED, read_override
from crosspython.wheels.model import Override

from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("wanted", "component"),
    [
        ("yaml.h", "libyaml"),
        ("libxml/xmlversion.h", "libxml2"),
        ("webp/mux.h", "libwebp"),
        ("H5public.h", "hdf5"),
        ("geos_c", "geos"),
        ("libpng16.so", "libpng"),
        ("libxml-2.0", "libxml2"),
        ("LibXml2", "libxml2"),
        ("JPEG", "libjpeg-turbo"),
        ("qhull_r", "qhull"),
        ("pg_config", "libpq"),
        ("sys/capability.h", "libcap"),
        ("libusb-1.0", "libusb"),
        ("lzo/lzo1.h", "lzo"),
        ("curl-config", "libcurl"),
        ("sqlext.h", "unixodbc"),
        ("dbus/dbus.h", "dbus"),
        ("cairo-pdf", "cairo"),
        ("git2.h", "libgit2"),
        ("mysqlclient", "mariadb-connector"),
    ],
)
def test_a_component_is_found_by_what_it_brings(wanted: str, component: str) -> None:
    assert component_that_brings(wanted) == component


@pytest.mark.parametrize("wanted", ["pulse/simple.h", "gio/gio.h", "cairo-gobject", "xml", "", "lib", "sodium_extra"])
def test_what_no_component_brings_is_not_guessed(wanted: str) -> None:
    assert component_that_brings(wanted) is None


def test_every_component_that_no_python_is_made_of_stands_in_the_table_and_no_other() -> None:
    folder = REPOSITORY / "components"
    names = {path.parent.name for path in folder.glob("*/SConscript")}
    releases = [read_release(folder / "cpython", series) for series in series_names(folder / "cpython")]
    own = {name for release in releases for name in release.depends} | {READLINE, "cpython"}
    assert set(read_libraries()) == names - own


def test_no_two_components_bring_the_same() -> None:
    rows = [pattern for row in read_libraries().values() for patterns in row.values() for pattern in patterns]
    by_component = [{pattern for patterns in row.values() for pattern in patterns} for row in read_libraries().values()]
    assert len(set(rows)) == sum(map(len, by_component))


def test_the_error_of_a_failed_build_names_the_component(tmp_path: Path) -> None:
    command = "import sys; print('_yaml.c:10:10: fatal error: yaml.h: No such file or directory'); sys.exit(1)"
    with Log(tmp_path / "log") as log:
        with pytest.raises(StepError) as caught:
            run_command([sys.executable, "-c", command], cwd=tmp_path, env={}, log=log)
        error = explain_build_failure(caught.value, Override("pyyaml"), log)
        with_it = explain_build_failure(caught.value, Override("pyyaml"), log, ["libyaml"])
    heading = error.evidence.index("overrides/pyyaml.toml:")
    assert tomllib.loads("\n".join(error.evidence[heading + 1 :])) == {
        "reason": "its C code calls libyaml",
        "libraries": ["libyaml"],
    }
    assert "overrides=overrides" in str(error.next)
    assert "the component libyaml has it" not in str(with_it)


def test_every_library_of_our_overrides_is_a_component() -> None:
    wanted = {library for file in SHIPPED.glob("*.toml") for library in read_override(file).libraries}
    assert wanted
    assert all((REPOSITORY / "components" / library / "SConscript").is_file() for library in wanted)
