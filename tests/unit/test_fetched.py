"""Files that a build would download: declared in an override, handed over to CMake, Meson and others, and told by the
error where they are not declared. CMake and Meson are the real ones, and the server is on loopback."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, SourceError, StepError
from crosspython.run.log import Log
from crosspython.store.fetch import Store
from crosspython.store.sources import Source
from crosspython.wheels.building.fetched import SETTINGS, hand_over
from crosspython.wheels.known.causes import explain_build_failure
from crosspython.wheels.known.downloads import HASH, find_downloads
from crosspython.wheels.known.overrides import find_override, read_override
from crosspython.wheels.model import Fetch, Override

from tests.unit.loopback import reply, server

FETCH_CONTENT = """\
cmake_minimum_required(VERSION 3.26)
project(toy NONE)
include(FetchContent)
FetchContent_Declare(LibFoo URL "{url}")
FetchContent_MakeAvailable(LibFoo)
file(READ "${{libfoo_SOURCE_DIR}}/foo.txt" told)
message(STATUS "told: ${{told}}")
"""
EXTERNAL_PROJECT = """\
cmake_minimum_required(VERSION 3.26)
project(toy NONE)
include(ExternalProject)
ExternalProject_Add(LibFoo URL "{url}" CONFIGURE_COMMAND "" BUILD_COMMAND "${{CMAKE_COMMAND}}" -E echo "two  words"
                    INSTALL_COMMAND "${{CMAKE_COMMAND}}" -E cat <SOURCE_DIR>/foo.txt)
ExternalProject_Add(other DOWNLOAD_COMMAND "" SOURCE_DIR "${{CMAKE_CURRENT_SOURCE_DIR}}" CONFIGURE_COMMAND ""
                    BUILD_COMMAND "" INSTALL_COMMAND "")
"""
MESON = "project('toy')\nsubproject('foo')\n"
WRAP = """\
[wrap-file]
directory = foo-1.0
source_url = {url}
source_filename = foo-1.0.tar.gz
source_hash = {sha256}
"""
# Where nothing listens: as in a build, whose network has been taken away.
ALONE = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The file at upstream's address."""
    inner = tmp_path / "upstream/foo-1.0"
    inner.mkdir(parents=True)
    (inner / "foo.txt").write_text("foo is here")
    (inner / "CMakeLists.txt").write_text("")
    (inner / "meson.build").write_text("project('foo')\nmessage('foo is here')\n")
    with tarfile.open(tmp_path / "foo-1.0.tar.gz", "w:gz") as tar:
        tar.add(inner, "foo-1.0")
    return tmp_path / "foo-1.0.tar.gz"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command: str | Path, **environment: str) -> str:
    """The output of a program of this environment that has no network."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        env={**os.environ, **ALONE, "PATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def configure(source: Path, settings: Path | None) -> str:
    """Let CMake configure a source as a package's build does; its output."""
    toolchain = source / "toolchain.cmake"
    toolchain.write_text(f"if(DEFINED ENV{{{SETTINGS}}})\n  include($ENV{{{SETTINGS}}})\nendif()\n")
    told = {SETTINGS: str(settings)} if settings else {}
    words = ("cmake", "-S", source, "-B", source / "b", "-G", "Ninja", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}")
    return run(*words, **told)


def lay_out(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.replace("__", "/")).write_text(text)
    return folder


@pytest.mark.slow
def test_fetch_content_takes_what_was_fetched(tmp_path: Path, archive: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with server(lambda handler, number: reply(handler, archive.read_bytes())) as (url, asked):
        (source / "CMakeLists.txt").write_text(FETCH_CONTENT.format(url=url))
        fetch = Fetch(url, sha256(archive), cmake="libfoo")
        _, path = Store(tmp_path / "store").get([Source(fetch.sha256, fetch.url)], "toy")
        settings = hand_over([fetch], {fetch.sha256: path}, source, tmp_path / "work")
        output = configure(source, settings)
        assert "told: foo is here" in output
        assert len(asked) == 1


@pytest.mark.slow
def test_an_external_project_takes_what_was_fetched(tmp_path: Path, archive: Path) -> None:
    source = lay_out(tmp_path / "source")
    source.mkdir()
    (source / "CMakeLists.txt").write_text(EXTERNAL_PROJECT.format(url="https://foo.invalid/foo-1.0.tar.gz"))
    fetch = Fetch("https://foo.invalid/foo-1.0.tar.gz", sha256(archive), cmake="LibFoo")
    settings = hand_over([fetch], {fetch.sha256: archive}, source, tmp_path / "work")
    configure(source, settings)
    output = run("ninja", "-v", "-C", source / "b")
    assert "foo is here" in output
    assert "two  words" in output


@pytest.mark.slow
def test_meson_takes_what_was_fetched_for_its_wraps(tmp_path: Path, archive: Path) -> None:
    url = "https://foo.invalid/foo-1.0.tar.gz"
    wrap = WRAP.format(url=url, sha256=sha256(archive))
    source = lay_out(tmp_path / "source", **{"meson.build": MESON, "subprojects__foo.wrap": wrap})
    without = run("meson", "setup", "--wrap-mode=nodownload", source / "b", source)
    (fetch,) = find_downloads(without.splitlines(), source)
    assert fetch == Fetch(url, sha256(archive), file="subprojects/packagecache/foo-1.0.tar.gz")
    assert hand_over([fetch], {fetch.sha256: archive}, source, tmp_path / "work") is None
    assert "foo is here" in run("meson", "setup", "--wrap-mode=nodownload", source / "c", source)


def test_a_file_or_a_folder_is_put_into_the_source(tmp_path: Path, archive: Path) -> None:
    fetches = [Fetch("https://x/y", sha256(archive), file="a/b.tgz"), Fetch("https://x/y", sha256(archive), folder="c")]
    assert hand_over(fetches, {sha256(archive): archive}, tmp_path / "source", tmp_path / "work") is None
    assert (tmp_path / "source/a/b.tgz").read_bytes() == archive.read_bytes()
    assert (tmp_path / "source/c/foo.txt").read_text() == "foo is here"


def test_a_link_does_not_lead_what_is_fetched_out_of_the_source(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/out").symlink_to(tmp_path)
    fetch = Fetch("https://x/y", sha256(archive), file="out/b")
    with pytest.raises(StepError, match="not in the package's source"):
        hand_over([fetch], {fetch.sha256: archive}, tmp_path / "source", tmp_path / "work")
    assert not (tmp_path / "b").exists()


def test_another_file_than_the_declared_one_is_refused(tmp_path: Path, archive: Path) -> None:
    with (
        server(lambda handler, number: reply(handler, b"something else")) as (url, _),
        pytest.raises(SourceError) as caught,
    ):
        Store(tmp_path / "store", pause=0).get([Source(sha256(archive), url)], "toy 1.0")
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('url = "https://x/y"\ncmake = "foo"', "sha256"),
        (f'url = "https://x/y"\nsha256 = "{HASH}"\ncmake = "foo"', "64 hexadecimal digits"),
        (f'url = "https://x/y"\nsha256 = "{"0" * 64}"', "one of cmake, folder and file"),
        (f'url = "https://x/y"\nsha256 = "{"0" * 64}"\ncmake = "foo"\nfile = "x"', "one of cmake, folder and file"),
        (f'url = "https://x/y"\nsha256 = "{"0" * 64}"\nfile = "../x"', "a path in the package's source"),
        (f'url = "x/y"\nsha256 = "{"0" * 64}"\nfile = "x"', "an address"),
        (f'url = "https://x/y"\nsha256 = "{"0" * 64}"\ncmake = "foo bar"', "a name such as"),
    ],
)
def test_what_is_not_declared_whole_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "toy.toml").write_text(f'reason = "it downloads foo"\n[[fetches]]\n{lines}\n')
    with pytest.raises(ConfigurationError) as caught:
        find_override("toy", [tmp_path])
    assert told in str(caught.value)


def test_only_what_is_fetched_changes_the_facts_of_a_wheel() -> None:
    assert "fetches" not in Override("toy").facts()
    fetch = Fetch("https://x/y", "0" * 64, cmake="foo")
    facts = Override("toy", fetches=(fetch,)).facts()["fetches"]
    assert facts == [{"url": "https://x/y", "sha256": "0" * 64, "cmake": "foo", "folder": "", "file": ""}]
    assert Override("toy", fetches=(replace(fetch, license="MIT"),)).facts()["fetches"] == facts


# What CMake 4 and git say, at the line in which they say it.
DIRECT = """\
CMake Error at b/CMakeFiles/fc-stamp/libfoo/download-libfoo.cmake:163 (message):
  Each download failed!

    error: downloading 'https://foo.invalid/foo-1.0.tar.gz' failed
          status_code: 7
          Trying 127.0.0.1:9...
"""
POPULATE = DIRECT.replace(
    "b/CMakeFiles/fc-stamp/libfoo/download-libfoo.cmake",
    "libfoo-subbuild/libfoo-populate-prefix/src/libfoo-populate-stamp/download-libfoo-populate.cmake",
)
CLONE = """\
fatal: unable to access 'https://foo.invalid/foo.git/': Failed to connect to 127.0.0.1 port 9 after 0 ms
CMake Error at libfoo-subbuild/libfoo-populate-prefix/tmp/libfoo-populate-gitclone.cmake:55 (message):
  Failed to clone repository:

    'https://foo.invalid/foo.git'
"""
SCRIPT = "Downloading https://foo.invalid/foo-1.0.tar.gz ...\nurllib.error.URLError: <urlopen error [Errno 111] x>\n"


@pytest.mark.parametrize(
    ("output", "url", "place"),
    [
        (DIRECT, "https://foo.invalid/foo-1.0.tar.gz", ("libfoo", "")),
        (POPULATE, "https://foo.invalid/foo-1.0.tar.gz", ("libfoo", "")),
        (CLONE, "FILL IN: an archive of what its build takes from https://foo.invalid/foo.git", ("libfoo", "")),
        (SCRIPT, "https://foo.invalid/foo-1.0.tar.gz", ("", "FILL IN")),
    ],
)
def test_the_error_shows_the_override_to_write(tmp_path: Path, output: str, url: str, place: tuple[str, str]) -> None:
    log, file = Log(tmp_path / "log"), tmp_path / "toy.toml"
    log.command(["cmake"], Path("/"), {})
    log.write(output)
    error = explain_build_failure(StepError("x"), Override("toy", environment={"A": "b"}), log)
    assert "builds have no network" in str(error.found)
    text = "\n".join(error.evidence[error.evidence.index("overrides/toy.toml:") + 1 :])
    assert "[[fetches]]" in text and f'url = "{url}"' in text
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        read_override(file)
    file.write_text(text.replace(HASH, "0" * 64).replace("FILL IN: an archive of what its build takes from ", ""))
    override = read_override(file)
    (fetch,) = override.fetches
    assert (fetch.cmake, fetch.file.partition(":")[0], override.environment) == (*place, {"A": "b"})


def test_the_wraps_of_a_source_say_what_is_missing(tmp_path: Path) -> None:
    git = "[wrap-git]\nurl = https://foo.invalid/bar.git\nrevision = v1\n"
    patch = WRAP.format(url="https://foo.invalid/foo-1.0.tar.gz", sha256="0" * 64)
    patch += f"patch_url = https://foo.invalid/p\npatch_filename = p.zip\npatch_hash = {'1' * 64}\n[provide]\nfoo = x\n"
    files = {"sub__subprojects__foo.wrap": patch, "subprojects__bar.wrap": git, "subprojects__bad.wrap": "[[[\n=x"}
    source = lay_out(tmp_path, **files, sub__subprojects__packagecache__x="")
    lines = ["ERROR: Subproject {} is buildable: NO".replace("{}", name) for name in ("foo", "bar", "bad", "none")]
    assert find_downloads(lines, source) == (
        Fetch("https://foo.invalid/foo-1.0.tar.gz", "0" * 64, file="sub/subprojects/packagecache/foo-1.0.tar.gz"),
        Fetch("https://foo.invalid/p", "1" * 64, file="sub/subprojects/packagecache/p.zip"),
        Fetch(
            "FILL IN: an archive of what its build takes from https://foo.invalid/bar.git, v1",
            HASH,
            folder="subprojects/bar",
        ),
    )
    shutil.copyfile(source / "subprojects/bad.wrap", source / "sub/subprojects/packagecache/foo-1.0.tar.gz")
    assert len(find_downloads(lines[:1], source)) == 1
