"""What an image costs when its bundle and wheels are there: wall and CPU seconds, of a first one and of the next.

    scons target=rv1126 image pkgs="..."
    python benchmarks/image.py BUNDLE BUILD_PYTHON WHEELS [--jobs 2] [--tries 3] [--profile]

BUNDLE is build/rv1126/python-3.13.5-rv1126.tar.gz, BUILD_PYTHON the stage archive of the Python of its series that runs
here, and WHEELS a folder of wheels. The first image makes all of its parts; the next ones take those that were kept,
and the last one makes its largest package again. It ends with 1 if two of them differ.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import os
import pstats
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from crosspython.image.make import ImageOrder, make_image  # noqa: E402
from crosspython.run.console import Console  # noqa: E402
from crosspython.run.jobserver import Jobserver  # noqa: E402
from crosspython.store.fetch import Store  # noqa: E402
from crosspython.targets import load_target  # noqa: E402
from crosspython.workshop import Workshop  # noqa: E402


def open_workshop(folder: Path, jobs: int) -> Workshop:
    return Workshop(
        target=load_target("rv1126", Path()),
        store=Store(folder / "sources"),
        jobserver=Jobserver(jobs),
        console=Console(quiet=True),
        work=folder / "work",
        logs=folder / "logs",
        sites=folder / "sites",
        path=os.environ["PATH"],
    )


def read_order(options: argparse.Namespace, folder: Path) -> ImageOrder:
    version = options.bundle.name.split("-")[1]
    return ImageOrder(
        bundle=options.bundle,
        wheels=tuple(sorted(options.wheels.rglob("*.whl"))),
        build_python=options.build_python,
        name="python-image",
        version=version,
        python=version,
        series=version.rpartition(".")[0],
        prefix="/opt/python",
        slim=options.slim,
        has_pip=True,
        form=options.form,
        kept=folder / "kept",
        code="ours",
        limit=None,
        product=folder / f"image.{options.form}",
    )


def make(order: ImageOrder, workshop: Workshop) -> tuple[str, float, float]:
    """The image's hash, wall seconds, CPU seconds."""
    begin, before = time.monotonic(), os.times()
    with workshop.jobserver.token():
        make_image(order, workshop)
    wall, after = time.monotonic() - begin, os.times()
    return hashlib.sha256(order.product.read_bytes()).hexdigest(), wall, sum(after[:4]) - sum(before[:4])


def forget_largest(kept: Path) -> str:
    """Remove the largest package from what was kept; its name."""
    packages = [path for path in kept.glob("*.gz") if not path.name.startswith("_")]
    largest = max(packages, key=lambda path: path.stat().st_size)
    largest.with_suffix(".json").unlink()
    return largest.stem


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("build_python", type=Path)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--form", default="tar.gz")
    parser.add_argument("--slim", default="0")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        order, workshop = read_order(options, Path(name)), open_workshop(Path(name), options.jobs)
        made = {"first": make(order, workshop)}
        made |= {f"next, {number}": make(order, workshop) for number in range(options.tries)}
        largest = forget_largest(order.kept)
        made[f"{largest} is new"] = make(order, workshop)
        size = order.product.stat().st_size / 1e6
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(make, order, workshop)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    print(f"{len(order.wheels)} wheels, {size:.1f} MB, jobs={options.jobs}")
    for title, (_, wall, cpu) in made.items():
        print(f"{title}: {wall:.2f} s, {cpu:.2f} s of CPU")
    return len({hash_ for hash_, _, _ in made.values()}) > 1


if __name__ == "__main__":
    sys.exit(main())
