"""Logs: fresh, complete, and readable at their end, whatever a command has written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from crosspython.errors import StepError
from crosspython.run.log import Log


def test_a_log_makes_its_folder_and_starts_empty(tmp_path: Path) -> None:
    path = tmp_path / "rv1126" / "logs" / "zlib.log"
    for _ in range(2):
        with Log(path) as log:
            log.write("once\n")
    assert path.read_text() == "once\n"


def test_a_step_has_a_header_and_its_cost(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.step("configure")
        log.step("make")
        assert [step.name for step in log.steps] == ["configure", "make"]
        assert log.current is log.steps[1]
    text = log.path.read_text()
    assert text.index("=== zlib: configure, 20") < text.index("=== zlib: configure took 0.0 s") < text.index("make, 20")
    assert "=== zlib: make took" in text
    assert log.current is None
    assert log.steps[0].wall > 0


def test_a_command_can_be_copied_from_the_log(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.command(["sh", "-c", 'echo "$CC" > out'], tmp_path, {"CC": "a b", "PATH": os.defpath})
    script = "".join(line.removeprefix("$ ") for line in log.path.read_text().splitlines(keepends=True))
    environment, _, commands = script.partition("    sh\n")
    (tmp_path / "script").write_text(f"{environment}    sh <<'EOF'\n{commands}EOF\n")
    assert os.system(f"sh '{tmp_path}/script'") == 0
    assert (tmp_path / "out").read_text() == "a b\n"


def test_an_unchanged_environment_is_written_once(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        for _ in range(3):
            log.command(["true"], tmp_path, {"CC": "gcc"})
    assert log.path.read_text().count("CC=gcc") == 1


def test_the_tail_has_the_last_lines(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.write("".join(f"line {i}\n" for i in range(100_000)))
        assert log.tail(2) == ("line 99998", "line 99999")
        assert len(log.tail()) == 20


def test_the_tail_shows_nothing_of_earlier_commands(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.write("checking for gcc... yes\n")
        log.command(["make"], tmp_path, {"CC": "gcc"})
        log.write("no rule\n")
        assert log.tail() == ("no rule",)


def test_the_tail_of_an_empty_log_is_empty(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        assert log.tail() == ()


def test_the_tail_of_a_removed_log_is_empty(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.path.unlink()
        assert log.tail() == ()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"\x1b[1m\x1b[31merror:\x1b[0m no\n", "error: no"),
        (b"\x1b]8;;http://x\x07link\x1b]8;;\x07\n", "link"),
        (b"10%\r55%\r100%\r\n", "100%"),
        (b"caf\xe9 \xe2\x9c\x93\n", "caf\ufffd ✓"),
        (b"a\x00\x08b\tc\n", "ab\tc"),
        (b"x" * 1000 + b"\n", "x" * 400 + " ..."),
    ],
    ids=["colours", "link", "progress", "other encoding", "control characters", "long line"],
)
def test_the_tail_is_plain_text(written: bytes, shown: str, tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        os.write(log.descriptor, written)
        assert log.tail() == (shown,)


def test_who_searches_in_a_line_gets_all_of_it(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        os.write(log.descriptor, b"x" * 1000 + b"\n")
        assert log.tail(1, longest=None) == ("x" * 1000,)


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "zlib.log").symlink_to("/dev/full")
    log = Log(tmp_path / "zlib.log")
    with pytest.raises(StepError) as caught:
        log.write("text\n")
    assert caught.value.what == "zlib: the log cannot be written"
    assert caught.value.found == "No space left on device"
    assert caught.value.log == log.path
    log.close()


def test_a_log_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(StepError, match="zlib: the log cannot be written"):
        Log(tmp_path / "logs" / "zlib.log")


def test_text_that_is_no_unicode_goes_through_as_its_bytes(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        log.write(os.fsdecode(b"caf\xe9\n"))
    assert log.path.read_bytes() == b"caf\xe9\n"


def test_a_forgotten_log_gives_its_descriptor_back(tmp_path: Path) -> None:
    log = Log(tmp_path / "zlib.log")
    descriptor = log.descriptor
    del log
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_passwords_in_addresses_are_not_logged(tmp_path: Path) -> None:
    with Log(tmp_path / "lock.log") as log:
        place = "https://me:s%2Fcret@index.invalid/simple"
        log.command(["uv", "lock", "--index", place], tmp_path, {"UV_INDEX": place, "MAIL": "a@b.invalid"})
    text = (tmp_path / "lock.log").read_text()
    assert "cret" not in text
    assert text.count("https://***@index.invalid/simple") == 2
    assert "a@b.invalid" in text


def fill(log: Log, *lines: str) -> None:
    log.command(["make"], Path(), {})
    log.write("".join(f"{line}\n" for line in lines))


NOISE = [f"  CC  file{number}.o" for number in range(100)]


@pytest.mark.parametrize(
    "error",
    [
        "src/a.c:3:10: fatal error: foo.h: No such file or directory",
        "a.c:12:5: error: 'x' undeclared (first use in this function)",
        "/usr/bin/ld: a.o: in function `main': a.c:(.text+0x4): undefined reference to `foo'",
        "/usr/bin/ld: cannot find -lfoo: No such file or directory",
        "make[2]: *** No rule to make target 'all-configured', needed by 'all'.  Stop.",
        "make: *** [Makefile:12: foo.o] Error 1",
        "FAILED: src/a.o",
        "error[E0425]: cannot find value `x` in this scope",
        "sh: 1: bison: not found",
    ],
)
def test_an_excerpt_has_the_first_error_though_other_jobs_went_on(error: str, tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        fill(
            log,
            *NOISE,
            error,
            "make: *** [Makefile:12: it] Error 1",
            *NOISE,
            "make: *** Waiting for unfinished jobs....",
        )
        excerpt = log.excerpt()
    assert excerpt[0] == error
    assert "..." in excerpt
    assert excerpt[-1] == "make: *** Waiting for unfinished jobs...."
    assert len(excerpt) == 20


def test_an_error_at_the_end_is_shown_once(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        fill(log, *NOISE, "a.c:1:2: error: no", "make: *** [a.o] Error 1")
        assert log.excerpt() == log.tail()


def test_what_no_job_failed_of_is_a_configure_scripts_question(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        fill(
            log,
            "a.c:1:2: error: no such type",
            "checking for error_at_line... no",
            "gcc -Werror -c error.c",
            "  CC strerror.o",
            *NOISE,
        )
        assert log.first_error() == ()
        assert log.excerpt() == log.tail()


def test_errors_of_earlier_commands_are_theirs(tmp_path: Path) -> None:
    with Log(tmp_path / "zlib.log") as log:
        fill(log, "a.c:1:2: error: no")
        fill(log, "fine")
        assert log.first_error() == ()
