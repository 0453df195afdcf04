"""A wheel of 1 GB both ways, and one of 100 MB against `wheel tags`: memory and time.

    python benchmarks/large_wheel.py [--size 1000]

Half of it is one large file, the rest are files of 1 MB; a quarter of all bytes does not compress. Each way runs in a
process of its own, whose largest resident set is told.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from crosspython.wheels.repairing.repair import finish_wheel, take_ready  # noqa: E402

from tests.unit.made_wheel import make_repair, make_wheel  # noqa: E402

_MB = 1 << 20
NAME = "toy-1.0-py3-none-any.whl"


def make_large(folder: Path, megabytes: int) -> None:
    """Write the wheel, with files of random bytes and of words."""
    source = random.Random(1)
    words = (b"%d some words of a text, " % number for number in range(40_000))
    text = b"".join(words)[:_MB].ljust(_MB, b".")
    files: dict[str, bytes | str] = {
        "toy/large.bin": (source.randbytes(_MB // 2) + text[: _MB // 2]) * (megabytes // 2)
    }
    for number in range(megabytes // 2):
        files[f"toy/data/{number}.bin"] = source.randbytes(_MB // 2) + text[: _MB // 2]
    stored = make_wheel(folder / "stored", NAME, files)
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name in source.namelist():
            wheel.writestr(name, source.read(name))
    stored.unlink()


def take_built(folder: Path) -> None:
    finish_wheel(folder / NAME, folder / "built" / NAME, make_repair(folder))


def take_as_ready(folder: Path) -> None:
    take_ready(folder / NAME, NAME, folder / "ready" / NAME, make_repair(folder))


def take_by_wheel(folder: Path) -> None:
    shutil.copy(folder / NAME, folder / "tags.part")
    (folder / "tags").mkdir()
    os.rename(folder / "tags.part", folder / "tags" / NAME)
    program = [sys.executable, "-m", "wheel", "tags", "--python-tag", "py3.py2", folder / "tags" / NAME]
    subprocess.run(program, check=True, capture_output=True)


def measure(work: Callable[[Path], None], folder: Path) -> str:
    """What one way took, in a process that did nothing else."""
    with ProcessPoolExecutor(1) as pool:
        seconds, megabytes = pool.submit(_run, work, folder).result()
    return f"{seconds:.1f} s, at most {megabytes:.0f} MB of memory"


def _run(work: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    begin = time.monotonic()
    work(folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000, help="megabytes")
    size = parser.parse_args().size
    for megabytes, ways in ((size, (take_built, take_as_ready)), (100, (take_built, take_as_ready, take_by_wheel))):
        with TemporaryDirectory() as name:
            with ProcessPoolExecutor(1) as pool:  # so that its memory is not counted
                pool.submit(make_large, Path(name), megabytes).result()
            for way in ways:
                print(f"{megabytes} MB, {way.__name__}: {measure(way, Path(name))}", flush=True)


if __name__ == "__main__":
    main()
