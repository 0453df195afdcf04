"""The beginning of a component that is missing: from a distribution that the test makes up, apt-cache and pool."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from crosspython.errors import StepError
from crosspython.reading import read_data
from crosspython.recipes.autoconf import Autoconf
from crosspython.run.log import Log
from crosspython.store.fetch import Store
from crosspython.wheels.known.beginning import Begun, begin_component, tell_kind
from crosspython.wheels.known.causes import explain_build_failure
from crosspython.wheels.known.distribution import find_development
from crosspython.wheels.known.overrides import read_override
from crosspython.wheels.model import Override

NAMES = "libfoo-1.0-0-dev libfoo-1.0-0 libasound2-dev libalsa-ocaml-dev libcurl4-openssl-dev libssh2-1-dev libssh-dev"
SHOWN = """\
Package: {name}
Source: {source}
Version: 2:1.0.3+dfsg-4+b1
Filename: {filename}
Description: plays "foo" - development files
 More of it.
"""
DSC = """\
-----BEGIN PGP SIGNED MESSAGE-----

Format: 3.0 (quilt)
Source: foolib
Build-Depends: debhelper-compat (= 13), libusb-1.0-0-dev, libbar-dev (>= 1),
 libzmq5-dev <!nocheck>
Files:
 0123456789abcdef0123456789abcdef 9 foolib_1.0.3+dfsg.orig.tar.gz
Checksums-Sha256:
 {extra} 9 foolib_1.0.3+dfsg.orig-doc.tar.gz
 {sha256} 9 foolib_1.0.3+dfsg.orig.tar.gz
"""


def pack(path: Path, *names: str) -> str:
    """Write an archive of a source with these empty files; its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"foo-1.0.3/{name}"), io.BytesIO())
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with the pool of a made-up distribution that has foolib, and apt-cache as it answers there."""
    shown = SHOWN.replace("{source}", "foolib (2:1.0.3+dfsg-4)").replace("{name}", "$4")
    shown = shown.replace("{filename}", "pool/updates/main/f/foolib/libfoo-1.0-0-dev_1.0.3+dfsg-4+b1_any.deb")
    script = f'if [ "$1" = pkgnames ]; then printf "%s\\n" {NAMES}; else cat <<EOF\n{shown}EOF\nfi\n'
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-cache").write_text(f"#!/bin/sh\n{script}")
    (tmp_path / "bin/apt-cache").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    folder = tmp_path / "debian/pool/main/f/foolib"
    sha256 = pack(folder / "foolib_1.0.3+dfsg.orig.tar.gz", "configure", "configure.ac", "COPYING", "src/LICENSE")
    (folder / "foolib_1.0.3+dfsg-4.dsc").write_text(DSC.format(sha256=sha256, extra="0" * 64))
    return Store(tmp_path / "store", pools=lambda: [f"file:{tmp_path / 'debian'}"])


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("foo/foo.h", "libfoo-1.0-0-dev"),
        ("libfoo-1.0", "libfoo-1.0-0-dev"),
        ("foo", "libfoo-1.0-0-dev"),
        ("alsa/asoundlib.h", "libasound2-dev"),
        ("curl-config", "libcurl4-openssl-dev"),
        ("libssh2.h", "libssh2-1-dev"),
        ("libssh", "libssh-dev"),
    ],
)
def test_a_development_package_is_found_by_what_it_brings(store: Store, wanted: str, name: str) -> None:
    found = find_development(wanted)
    assert found is not None
    assert (found.name, found.source, found.version, found.folder) == (name, "foolib", "2:1.0.3+dfsg-4", "f/foolib")


@pytest.mark.parametrize("wanted", ["fo.h", "sys/socket.h", "", "lib", "foobar"])
def test_no_package_is_taken_for_another_ones(store: Store, wanted: str) -> None:
    assert find_development(wanted) is None


def test_without_apt_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_development("foo.h") is None


def declared(text: str) -> dict[str, object]:
    """The arguments of the one declaration in a SConscript."""
    found: dict[str, object] = {}

    class Environment:
        def Autoconf(self, name: str, version: str, **arguments: object) -> None:
            found.update(arguments, name=name, version=version)

    exec(text, {"env": Environment(), "Import": str, "Return": str})
    return found


def test_what_is_begun_lacks_nothing_but_the_licence(store: Store, tmp_path: Path) -> None:
    begun = begin_component("foo.h", "pyfoo", store)
    assert begun is not None
    assert begun.text.startswith('"""foolib: plays foo, for pyfoo."""')
    assert "libbar-dev" in begun.text and "debhelper" not in begun.text
    arguments = declared(begun.text)
    assert "FILL IN" in str(arguments["license"]) and "COPYING" in str(arguments["license"])
    with pytest.raises(Exception, match="license"):
        read_data(arguments, Autoconf, "foolib")
    recipe = read_data({**arguments, "license": "MIT"}, Autoconf, "foolib")
    assert (recipe.version, recipe.license_files, recipe.configure) == ("1.0.3", ("COPYING",), ("--disable-static",))
    assert recipe.depends == ("libusb", "libzmq")
    pool = tmp_path / "debian/pool/main" / str(recipe.sources[0].pool)
    assert recipe.sources[0].sha256 == hashlib.sha256(pool.read_bytes()).hexdigest()


def test_nothing_is_begun_offline_or_of_another_source(store: Store, tmp_path: Path) -> None:
    assert begin_component("foo.h", "pyfoo", Store(tmp_path, offline=True, pools=store.pools)) is None
    pack(tmp_path / "debian/pool/main/f/foolib/foolib_1.0.3+dfsg.orig.tar.gz", "meson.build")
    assert begin_component("foo.h", "pyfoo", store) is None


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("configure", "CMakeLists.txt", "meson.build"), "Autoconf"),
        (("configure.ac", "meson.build", "Makefile"), "Meson"),
        (("CMakeLists.txt", "configure.ac"), "CMake"),
        (("configure.in", "Makefile.in"), "Autoconf"),
        (("Makefile", "README"), "Make"),
        (("setup.py",), None),
    ],
)
def test_the_kind_is_told_from_the_files(files: tuple[str, ...], kind: str | None) -> None:
    assert tell_kind(files) == kind


def test_the_error_of_a_failed_build_shows_what_it_has_written(store: Store, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.command(["cc"], Path("/"), {})
    log.write("a.c:1:1: fatal error: foo/foo.h: No such file or directory\n")
    override = Override("pyfoo", "it is old", environment={"A": "b"})
    error = explain_build_failure(StepError("x"), override, log, begun=Begun(tmp_path / "begun", store))
    shown = [line.removeprefix("    ") for line in error.evidence]
    script, toml = (tmp_path / "begun" / name for name in ("recipes/foolib/SConscript", "overrides/pyfoo.toml"))
    first, second = shown.index("recipes/foolib/SConscript:"), shown.index("overrides/pyfoo.toml:")
    assert shown[first + 1 : second - 1] == script.read_text().splitlines()
    assert shown[second + 1 :] == toml.read_text().splitlines()
    assert read_override(toml) == Override("pyfoo", "it is old", libraries=("foolib",), environment={"A": "b"})
    assert "libfoo-1.0-0-dev" in str(error.next) and "components=recipes/foolib overrides=overrides" in str(error.next)
