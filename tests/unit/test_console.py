"""The console: aligned lines, whole lines, and nothing that can fail a build."""

from __future__ import annotations

import io
import subprocess
import sys
import threading

import pytest
from crosspython.run.console import Console, format_count, format_seconds, format_size


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_steps_stand_in_columns() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.step("zlib 1.3.1", "configure", 0.62)
    console.step("openssl 3.5.6", "make", 83.4, "from the cache")
    assert stream.getvalue() == (
        "  zlib 1.3.1           configure            0.6 s\n"
        "  openssl 3.5.6        make            1 min 23 s  from the cache\n"
    )


def test_lines_of_threads_never_mix() -> None:
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            return sum(super(Slow, self).write(character) for character in text)

    stream = Slow()
    console = Console(stream)
    threads = [threading.Thread(target=console.line, args=(letter * 500,)) for letter in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stream.getvalue().split()) == [letter * 500 for letter in "abcdefgh"]


def test_quiet_says_nothing_but_warnings() -> None:
    stream = io.StringIO()
    console = Console(stream, quiet=True)
    console.step("zlib", "make", 1)
    console.line("text")
    console.download("zlib.tar.gz", 10, 10)
    console.closing(["size"])
    console.close()
    console.warn("the cache does not answer")
    assert stream.getvalue() == "crosspython: warning: the cache does not answer\n"


def test_closing_lines_come_last() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.closing(["size: 9 MB"])
    console.line("other work")
    console.close()
    console.close()
    assert stream.getvalue() == "other work\nsize: 9 MB\n"


def test_closing_lines_stay_out_where_the_run_has_failed() -> None:
    stream = io.StringIO()
    console = Console(stream, has_failed=lambda: True)
    console.closing(["size: 9 MB"])
    console.close()
    assert stream.getvalue() == ""


def test_closing_lines_are_written_at_the_end_of_the_process() -> None:
    script = "from crosspython.run.console import Console; Console().closing(['last']); print('first')"
    assert run_python(script) == "first\nlast\n"


def test_without_a_terminal_a_download_is_one_line() -> None:
    stream = io.StringIO()
    console = Console(stream)
    for done in (0, 500_000, 1_400_000):
        console.download("zlib-1.3.1.tar.gz", done, 1_400_000)
    assert stream.getvalue().startswith("  fetched              zlib-1.3.1.tar.gz  1.4 MB in ")
    assert stream.getvalue().count("\n") == 1


def test_a_download_of_unknown_size_ends_when_it_is_known() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.download("zlib.tar.gz", 700, None)
    assert stream.getvalue() == ""
    console.download("zlib.tar.gz", 700, 700)
    assert "700 B in" in stream.getvalue()


def test_a_terminal_shows_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    console = Console(stream)
    console.download("zlib.tar.gz", 0, 1000)
    console.download("zlib.tar.gz", 500, 1000)
    console.line("[made] a line meanwhile :smile:")
    console.download("zlib.tar.gz", 1000, 1000)
    text = stream.getvalue()
    assert "0/1.0 kB" in text
    assert "[made] a line meanwhile :smile:\n" in text
    assert "  fetched              zlib.tar.gz  1.0 kB in " in text.splitlines()[-1]
    assert console._live is None


def test_the_bar_of_a_failed_download_goes_with_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    console = Console(stream)
    console.download("zlib.tar.gz", 0, 1000)
    console.close()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h")
    assert console._live is None


def test_a_closed_pipe_silences_and_fails_nothing() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    console = Console(Closed())
    console.line("one")
    console.line("two")


def test_a_terminal_of_another_encoding_gets_escapes() -> None:
    raw = io.BytesIO()
    Console(io.TextIOWrapper(raw, encoding="ascii")).line("/home/jürgen")
    assert raw.getvalue() == b"/home/j\\xfcrgen\n"


def test_rich_is_imported_only_for_bars() -> None:
    script = (
        "import sys; from crosspython.run.console import Console; c = Console();"
        "c.step('a', 'b', 1); c.download('f', 1, 1); print('rich' in sys.modules)"
    )
    assert run_python(script).splitlines()[-1] == "False"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (245, "4 min 05 s"), (3725, "1 h 02 min")],
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(812, "812 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (1_400_000, "1.4 MB"), (2**31, "2.1 GB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert format_size(size) == text


def run_python(script: str) -> str:
    environment = {"PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_what_holds_for_the_whole_run_is_warned_of_once() -> None:
    console = Console(stream := io.StringIO(), quiet=True)
    for text in ("no network", "no network", "no room"):
        console.warn_once(text)
    assert stream.getvalue().splitlines() == ["crosspython: warning: no network", "crosspython: warning: no room"]


@pytest.mark.parametrize(("number", "text"), [(0, "0 wheels"), (1, "1 wheel"), (2, "2 wheels")])
def test_a_number_of_things_has_its_plural(number: int, text: str) -> None:
    assert format_count(number, "wheel") == text
