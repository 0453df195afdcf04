"""The catalogue of causes: each row matches the message it was written for, and says what is missing and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import crosspython
import pytest
from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.wheels.known.causes import explain_build_failure, find_cause, read_catalogue, wants_emulation
from crosspython.wheels.model import Override

from tests.conftest import REPOSITORY

# What the tools themselves say.
MESSAGES = {
    "time-limit": "=== did not end within 7200 s and was stopped",
    "network-isolated": "curl: (6) Could not resolve host: files.example.org",
    "offline-crates": "error: failed to download `serde v1.0` from the crate registry",
    "no-rust": "error: can't find Rust compiler",
    "rust-too-old": "error: rustc 1.85.0 is not supported by the following packages:",
    "no-fortran": "../meson.build:80:0: ERROR: Unknown compiler(s): [['arm-linux-gnueabihf-gfortran']]",
    "no-cxx": "crosspython: g++: the toolchain has no C++ compiler (there is no arm-linux-gnueabihf-g++)",
    "interpreter-asked": "AttributeError: module 'numpy' has no attribute 'complex256'",
    "needs-emulator": "configure: error: cannot run C compiled programs.",
    "host-python": "Could NOT find Python (missing: Interpreter Development.Module)",
    "older-python": "triangle/core.c:196:12: fatal error: longintrepr.h: No such file or directory",
    "missing-header": "src/a.c:3:10: fatal error: libfoo/foo.h: No such file or directory",
    "missing-library": "/usr/bin/ld: cannot find -lfoo: No such file or directory",
    "missing-dependency": '../meson.build:4:0: ERROR: Dependency "foo" not found, tried pkgconfig and cmake',
    "missing-config-program": "Could not run curl-config: [Errno 2] No such file or directory: 'curl-config'",
    "needs-gil": "RuntimeError: CFFI does not support the free-threaded build of CPython 3.13.",
    "old-python": "RuntimeError: Cannot install on Python version 3.9; this requires Python >=3.10",
    "old-compiler": "gcc: error: unrecognized command-line option '-std=c++23'",
    "build-python-without": "ModuleNotFoundError: No module named '_ssl'",
    "own-extension": "[14/15] Linking CXX shared module _core.cpython-313-arm-linux-gnueabihf.so\n"
    "[15/15] Generating _core.pyi\n"
    "ModuleNotFoundError: No module named '_core'",
    "missing-program": "error: command 'swig' failed: No such file or directory",
    "missing-module": "ModuleNotFoundError: No module named 'pkgconfig'",
    "vector-types": "r.h:9: note: use ‘-flax-vector-conversions’ to permit conversions between vectors"
    " with differing element types",
    "memory": "arm-linux-gnueabihf-g++: fatal error: Killed signal terminated program cc1plus",
}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "foo-1.0.log")


def say(log: Log, output: str) -> None:
    log.command(["cc"], Path("/"), {"http_proxy": "http://127.0.0.1:9"})
    log.write(output)


def test_every_row_has_a_message_it_was_written_for() -> None:
    assert {row.name for row in read_catalogue()} == MESSAGES.keys()


@pytest.mark.parametrize(("name", "message"), MESSAGES.items())
def test_a_message_is_known_for_what_it_is(name: str, message: str) -> None:
    found = find_cause(["compiling", message, "more"])
    assert found is not None
    assert found[0].name == name


@pytest.mark.parametrize(
    "message",
    [
        "ValueError: `py_limited_api='cp310'` not supported. `Py_LIMITED_API` is currently incompatible with"
        " `Py_GIL_DISABLED`.",
        'Python.h:51:4: error: #error "The limited API is not currently supported in the free-threaded build"',
        "error: PyO3 does not support the free-threaded build of CPython versions below 3.14",
        "error: the Python interpreter was built with the GIL disabled, which is not yet supported by PyO3",
    ],
)
def test_what_refuses_a_python_without_the_gil_is_known(message: str) -> None:
    found = find_cause([message])
    assert found is not None
    assert found[0].name == "needs-gil"


def test_what_is_missing_is_named_with_what_to_do(log: Log) -> None:
    say(log, "a.c:1:1: fatal error: first.h: No such file or directory\n")
    error = explain_build_failure(StepError("foo-1.0: failed", evidence=["x"]), Override("foo"), log)
    assert error.found == "the header first.h is missing"
    assert "FOLDER/foo.toml" in str(error.next)
    assert (error.evidence, error.log) == (("x",), log.path)


@pytest.mark.parametrize(
    "message",
    [
        "crosspython: pg_config: this is the build machine's program, which reports the build machine's libraries",
        "/bin/sh: 1: pg_config: not found",
        "Error: unable to find pg_config executable",
    ],
)
def test_the_program_that_tells_of_a_library_stands_for_its_component(log: Log, message: str) -> None:
    say(log, message)
    error = explain_build_failure(StepError("foo-1.0: failed"), Override("foo"), log)
    assert "pg_config" in str(error.found)
    assert "the component libpq has it" in str(error.next)


def test_what_was_asked_of_pkg_config_is_named() -> None:
    found = find_cause(["Command 'pkg-config --exists mysqlclient' returned non-zero exit status 1."])
    assert found is not None
    assert (found[0].name, found[1]["asked"]) == ("missing-dependency", "mysqlclient")


def test_a_library_is_named_by_what_a_setup_script_tells_people_to_install() -> None:
    found = find_cause(["You need to install libcap development headers to build this module"])
    assert found is not None
    assert (found[0].name, found[1]["told"]) == ("missing-dependency", "libcap")


def test_the_last_match_is_the_failure() -> None:
    message = "a.c: fatal error: {}.h: No such file or directory"
    found = find_cause([message.format("probe"), message.format("real")])
    assert found is not None
    assert found[1] == {"header": "real.h"}


def test_an_unknown_failure_keeps_its_own_words(log: Log) -> None:
    say(log, "nobody knows\n")
    error = explain_build_failure(StepError("foo-1.0: failed", found="odd"), Override("foo"), log)
    assert error.found == "odd"
    assert "override" in str(error.next)


def test_only_some_causes_call_for_the_other_engine(log: Log) -> None:
    say(log, "pyport.h:586: error: LONG_BIT definition appears wrong for platform (bad gcc/glibc config?).\n")
    assert wants_emulation(log)
    say(log, MESSAGES["missing-header"])
    assert not wants_emulation(log)


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named '_curses'",
        "ValueError: unsupported hash type ripemd160",
        "AttributeError: module 'hashlib' has no attribute 'pbkdf2_hmac'",
        "ImportError: cannot import name 'scrypt' from 'hashlib' (/x/lib/python3.13/hashlib.py)",
    ],
)
def test_what_build_python_does_without_is_asked_of_the_boards_python(log: Log, line: str) -> None:
    say(log, f"{line}\n")
    assert wants_emulation(log)
    assert "build_python=" in str(explain_build_failure(StepError("x"), Override("x"), log).next)


def test_a_question_long_before_the_end_is_no_cause(log: Log) -> None:
    say(log, "fatal error: probe.h: No such file or directory\n" + "fine\n" * 1000)
    assert explain_build_failure(StepError("x"), Override("x"), log).found is None


def test_make_names_the_program_that_it_cannot_start(log: Log) -> None:
    say(log, "make: nasm: No such file or directory\nmake: *** [make.inc:225: bin/x.o] Error 127\n")
    assert str(explain_build_failure(StepError("x"), Override("x"), log).found).endswith("is missing: nasm")


def test_git_says_in_its_own_way_that_there_is_no_network(log: Log) -> None:
    """CMake's FetchContent clones, and git goes to the proxy that a build without a network is told of."""
    say(
        log,
        "fatal: unable to access 'https://x.org/y.git/': "
        "Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect\n",
    )
    assert "network" in str(explain_build_failure(StepError("x"), Override("x"), log).found)


def test_a_cause_may_stand_far_to_the_right(log: Log) -> None:
    """bluepy prints what make said as one line, Python's repr of bytes."""
    say(log, 'b"' + "cc x.c\\n" * 200 + '<x.c>:33:10: fatal error: glib.h: No such file or directory\\n"\n')
    assert explain_build_failure(StepError("x"), Override("x"), log).found == "the header glib.h is missing"


@pytest.mark.parametrize(
    "line",
    [
        "Exception: pkg-config package 'libusb-1.0 >= 1.0.9' not found",
        "Package libusb-1.0 was not found in the pkg-config search path.",
        "Package 'libusb-1.0', required by 'virtual:world', not found",
        "No package 'libusb-1.0' found",
        'Could not find a package configuration file provided by "libusb-1.0"',
    ],
)
def test_a_library_is_named_however_pkg_configs_callers_say_that_it_is_missing(log: Log, line: str) -> None:
    say(log, line)
    assert "libusb-1.0" in str(explain_build_failure(StepError("foo-1.0: failed"), Override("foo"), log).found)


def test_a_cause_that_other_jobs_have_covered_is_found(log: Log) -> None:
    log.command(["make"], Path(), {})
    log.write(
        "src/a.c:3:10: fatal error: fftw3.h: No such file or directory\nmake: *** [a.o] Error 1\n"
        + "  CC other.o\n" * 1000
    )
    error = explain_build_failure(StepError("x: `make` ended with exit status 1"), Override("x"), log)
    assert "fftw3.h" in (error.found or "")


def test_nobody_is_sent_into_the_tools_own_folder() -> None:
    for cause in read_catalogue():
        assert "wheels/known/overrides" not in cause.next, cause.name
        if ".toml" in cause.next:
            assert "overrides=FOLDER (docs/overrides.md)" in cause.next, cause.name


def test_every_page_that_a_message_names_is_there_and_is_about_that() -> None:
    package = Path(crosspython.__file__).parent
    pages: dict[str, list[str]] = {}
    for file in [*package.rglob("*.py"), *package.rglob("*.toml")]:
        for line in file.read_text().splitlines():
            for page in re.findall(r"\bdocs/[\w/-]+\.md", line):
                pages.setdefault(page, []).append(line)
    assert {page for page in pages if not (REPOSITORY / page).is_file()} == set()
    about_overrides = [line for page, lines in pages.items() for line in lines if "an override of" in line]
    assert about_overrides and all("docs/overrides.md" in line for line in about_overrides)
