"""The output that the user sees while a build runs: a line for each finished step, the downloads, and a status line.

It knows columns, units and whether the output is a terminal, and keeps lines of several threads apart.
It knows nothing of components. If it cannot write (a closed pipe, a full disk behind a redirection), the build goes on.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_COMPONENT_WIDTH = 20
_STEP_WIDTH = 14
_CLEAR = "\r\x1b[K"  # go to the begin of the line and erase the line (ECMA-48)


class Console:
    """Lines and download progress on a stream (default: stdout). Quiet (`scons -s`) lets only warnings through.

    has_failed: called at the end. The closing lines name the products, and are left out if the run has failed
    """

    def __init__(
        self, stream: TextIO | None = None, quiet: bool = False, has_failed: Callable[[], bool] = lambda: False
    ) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._quiet, self._has_failed = quiet, has_failed
        self._lock = threading.Lock()
        self._downloads: dict[str, float] = {}
        self._bars: dict[str, TaskID] = {}
        self._live: Progress | None = None
        self._closing: list[str] = []
        self._warned: set[str] = set()
        self._status = ""
        self._is_broken = False
        atexit.register(self.close)

    def step(self, component: str, step: str, seconds: float, remark: str = "") -> None:
        """A step has ended: `  zlib 1.3.1           configure           0.6 s  remark`."""
        took = f"{format_seconds(seconds):>11}"
        self.line(f"  {component:<{_COMPONENT_WIDTH}} {step:<{_STEP_WIDTH}} {took}  {remark}".rstrip())

    def line(self, text: str) -> None:
        """Write a line of text without changes."""
        if not self._quiet:
            with self._lock:
                self._write(text)

    def warn(self, text: str) -> None:
        """A line that the user has to see, even with `scons -s`."""
        with self._lock:
            self._write(f"crosspython: warning: {text}")

    def warn_once(self, text: str) -> None:
        """The same, but only once a run for each text."""
        with self._lock:
            is_known = text in self._warned
            self._warned.add(text)
        if not is_known:
            self.warn(text)

    def closing(self, lines: Sequence[str]) -> None:
        """The build's last lines: stored, and written when the process ends, below SCons's own last lines."""
        with self._lock:
            self._closing += lines

    def download(self, filename: str, done: int, total: int | None) -> None:
        """Show that a download has `done` bytes of `total` (None: not known yet). If both are equal, it has ended."""
        if self._quiet:
            return
        with self._lock:
            begin = self._downloads.setdefault(filename, time.monotonic())
            if self._is_terminal():
                self._draw(filename, done, total)
            if done == total:
                del self._downloads[filename]
                self._remove_bar(filename)
                took = format_seconds(time.monotonic() - begin)
                self._write(f"  {'fetched':<{_COMPONENT_WIDTH}} {filename}  {format_size(done)} in {took}")

    @property
    def is_live(self) -> bool:
        """Whether a line can be redrawn: on a terminal, and not when quiet."""
        return not self._quiet and self._is_terminal()

    def status(self, text: str | None) -> None:
        """Set the status line below all other lines; None removes it. Only a terminal shows it."""
        with self._lock:
            if text == (self._status or None) or not self.is_live or self._live is not None:
                return
            columns = shutil.get_terminal_size().columns
            self._status = "" if text is None else text[: columns - 1]
            self._put(_CLEAR + self._status)

    def close(self) -> None:
        """Write the closing lines, and remove progress bars of downloads that did not end (after a failure)."""
        with self._lock:
            for filename in list(self._bars):
                self._remove_bar(filename)
            self._downloads.clear()
            self._lift_status()
            lines, self._closing = self._closing, []
            if lines and not self._quiet and not self._has_failed():
                self._write("\n".join(lines))

    def _is_terminal(self) -> bool:
        return not self._is_broken and self._stream.isatty()

    def _draw(self, filename: str, done: int, total: int | None) -> None:
        if self._live is None:
            self._lift_status()
            self._live = _start_bars(self._stream)
        if filename not in self._bars:
            self._bars[filename] = self._live.add_task(filename, total=total)
        self._live.update(self._bars[filename], completed=done, total=total)

    def _remove_bar(self, filename: str) -> None:
        if self._live is not None and filename in self._bars:
            self._live.remove_task(self._bars.pop(filename))
            if not self._bars:
                self._live.stop()
                self._live = None

    def _write(self, text: str) -> None:
        if self._is_broken:
            return
        encoding = self._stream.encoding or "utf-8"
        plain = text.encode(encoding, "backslashreplace").decode(encoding)
        try:
            if self._live is not None:  # rich lifts its bars, writes, and draws them again below
                self._live.console.print(plain, markup=False, highlight=False, emoji=False, soft_wrap=True)
            else:
                self._put((_CLEAR if self._status else "") + plain + "\n" + self._status)
        except OSError:
            self._is_broken = True

    def _lift_status(self) -> None:
        if self._status:
            self._status = ""
            self._put(_CLEAR)

    def _put(self, text: str) -> None:
        if self._is_broken:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._is_broken = True


def format_seconds(seconds: float) -> str:
    """A duration as people read it: `0.6 s`, `4 min 05 s`, `1 h 02 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def format_size(size: int) -> str:
    """A number of bytes as people read it, in powers of ten: `812 B`, `1.4 MB`."""
    if size < 1000:
        return f"{size} B"
    factor, unit = next(((f, u) for f, u in ((1e3, "kB"), (1e6, "MB")) if size / f < 999.95), (1e9, "GB"))
    return f"{size / factor:.1f} {unit}"


def format_count(number: int, noun: str) -> str:
    """A number of things, the noun in its plural where there is not one: `1 wheel`, `0 wheels`, `12 wheels`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _start_bars(stream: TextIO) -> Progress:
    # 0.1 s of import that only a download on a terminal pays.
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("  {task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bars = Progress(*columns, console=RichConsole(file=stream), transient=True)
    bars.start()
    return bars
