"""A wheel of 1 GB both ways: memory and time. A wheel of 100 MB gets other tags, by us and by `wheel tags`: the ratio.

    python benchmarks/large_wheel.py [--size 1000] [--tries 5]

Half of the large one is one file, the rest are files of 1 MB; half of all bytes does not compress. The other one holds
modules of this machine's Python, and machine code of its packages; what comes out of the two programs is compared. Each
way runs in a process of its own, whose largest resident set is told.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from crosspython.wheels.repairing.repair import finish_wheel, take_ready  # noqa: E402

from tests.unit.made_elf import make_elf  # noqa: E402
from tests.unit.made_wheel import make_repair, make_wheel  # noqa: E402

_MB = 1 << 20
NAME = "toy-1.0-py3-none-any.whl"
# The backend's name for a wheel with code for the board, and the right one.
BUILT, RIGHT = "toy-1.0-cp313-cp313-linux_x86_64.whl", "toy-1.0-cp313-cp313-linux_armv7l.whl"
_EXTENSION = "toy/_speed.cpython-313-arm-linux-gnueabihf.so"
_REST = ("RECORD", "WHEEL")  # what stands in .dist-info in other words


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
    _write_deflated(folder, NAME, files)


def make_usual(folder: Path, megabytes: int, modules: int) -> None:
    """Write a wheel of real files, and an extension module for the board."""
    files: dict[str, bytes | str] = {_EXTENSION: make_elf(needed=["libc.so.6"], tail=b"\0PyInit__speed\0")}
    left = megabytes * _MB
    for number, path in enumerate(_find_real_files(modules)):
        data = path.read_bytes().removeprefix(b"\x7fELF")[:left]  # the board's audit refuses this machine's code
        files[f"toy/{number}{path.suffix}"] = data
        left -= len(data)
    if left:
        raise SystemExit(f"this Python and its packages have {left >> 20} MB too little")
    _write_deflated(folder, BUILT, files)


def _find_real_files(count: int) -> list[Path]:
    """So many modules that name no path of this machine, then libraries and programs. SciPy has a thousand modules."""
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib")]
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    modules = [path for path in found if path.suffix == ".py" and str(ROOT).encode() not in path.read_bytes()]
    code = [path for path in found if path.suffix == ".so" or (not path.suffix and path.stat().st_size > 4 * _MB)]
    return [*modules[:count], *code]


def _write_deflated(folder: Path, name: str, files: dict[str, bytes | str]) -> None:
    stored = make_wheel(folder / "stored", name, files)
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for each in source.namelist():
            wheel.writestr(each, source.read(each))
    stored.unlink()


def take_built(folder: Path) -> None:
    finish_wheel(folder / NAME, folder / "built" / NAME, make_repair(folder))


def take_as_ready(folder: Path) -> None:
    take_ready(folder / NAME, NAME, folder / "ready" / NAME, make_repair(folder))


def tag_by_us(folder: Path) -> None:
    """What follows a backend's build: tags by the content, and all that is verified beside them."""
    report = finish_wheel(folder / BUILT, folder / "ours" / RIGHT, make_repair(folder))
    assert report.filename == RIGHT


def tag_by_wheel(folder: Path) -> None:
    program = [sys.executable, "-m", "wheel", "tags", "--platform-tag", "linux_armv7l", folder / BUILT]
    subprocess.run(program, check=True, capture_output=True)


def read_only(folder: Path) -> None:
    """The least that must be done to a wheel that is verified: each member is inflated and hashed."""
    with zipfile.ZipFile(folder / BUILT) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                hashlib.file_digest(member, "sha256")


def read_contents(wheel: Path) -> dict[str, object]:
    """What an installer sees: names, bytes, the right to run, tags. Hashes in RECORD are compared as bytes are."""
    with zipfile.ZipFile(wheel) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        tags = [line for line in archive.read("toy-1.0.dist-info/WHEEL").decode().split("\n") if line[:4] == "Tag:"]
        seen = {name: (archive.read(name), info.external_attr >> 22 & 1) for name, info in infos.items()}
        record = sorted(archive.read("toy-1.0.dist-info/RECORD").decode().split())
    rest = tuple(f"toy-1.0.dist-info/{name}" for name in _REST)
    kept = {name: content for name, content in seen.items() if name not in rest}
    return {**kept, "names": sorted(infos), "tags": tags, "record": [row for row in record if not row.startswith(rest)]}


def measure(work: Callable[[Path], None], folder: Path) -> tuple[float, float, float]:
    """Seconds of wall and of CPU, and the megabytes of one way, in a process that did nothing else."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(_run, work, folder).result()


def _run(work: Callable[[Path], None], folder: Path) -> tuple[float, float, float]:
    begin, cpu = time.monotonic(), _cpu()
    work(folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic() - begin, _cpu() - cpu, usage.ru_maxrss / 1024


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure_large(size: int) -> None:
    with TemporaryDirectory() as name:
        with ProcessPoolExecutor(1) as pool:  # so that its memory is not counted
            pool.submit(make_large, Path(name), size).result()
        for way in (take_built, take_as_ready):
            wall, _, megabytes = measure(way, Path(name))
            print(f"{size} MB, {way.__name__}: {wall:.1f} s, at most {megabytes:.0f} MB of memory", flush=True)


def measure_tags(modules: int, tries: int) -> None:
    """The least of some tries, which take turns; and whether both have made the same wheel."""
    ways = (tag_by_us, tag_by_wheel, read_only)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with ProcessPoolExecutor(1) as pool:
            pool.submit(make_usual, folder, 100, modules).result()
        taken = [[measure(way, folder)[:2] for way in ways] for _ in range(tries)]
        same = read_contents(folder / "ours" / RIGHT) == read_contents(folder / RIGHT)
        sizes = [(folder / each).stat().st_size / 1e6 for each in (BUILT, f"ours/{RIGHT}", RIGHT)]
    least = [[min(each[number][kind] for each in taken) for number in range(len(ways))] for kind in (0, 1)]
    for way, wall, cpu in zip(ways, *least, strict=True):
        print(f"100 MB with {modules} modules, {way.__name__}: {wall:.2f} s, {cpu:.2f} s of CPU")
    print("wheel tags / ours: {:.1f} of wall, {:.1f} of CPU".format(*(each[1] / each[0] for each in least)))
    print("sizes in MB: {:.1f}, by us {:.1f}, by wheel {:.1f}".format(*sizes))
    print(f"same result: {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000, help="megabytes")
    parser.add_argument("--tries", type=int, default=5)
    options = parser.parse_args()
    measure_large(options.size)  # first: a process begins with the memory of the one that it was forked from
    for modules in (1000, 0):
        measure_tags(modules, options.tries)


if __name__ == "__main__":
    main()
