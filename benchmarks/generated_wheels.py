"""Ten thousand generated wheels, valid and broken, both ways: how many were right, refused, and neither.

    python benchmarks/generated_wheels.py [--count 10000] [--seed 0] [--processes 1]

The generator and what is right are those of tests/properties/test_generated_wheels.py, with uv beside the other
installers.
It prints each way of failing once, with the faults of the wheel, and ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from hypothesis import Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.properties.test_generated_wheels import require_right_or_refused, usual  # noqa: E402
from tests.unit.generated_wheels import MadeWheel, broken_wheels, valid_wheels  # noqa: E402
from tests.unit.installers import INSTALLERS  # noqa: E402

_VALID = 4  # one wheel in so many


def try_wheels(count: int, number: int) -> tuple[Counter[str], dict[str, list[str]]]:
    """What became of so many wheels, and the faults by each way of failing."""
    ends: Counter[str] = Counter()
    failures: dict[str, list[str]] = {}
    wheels = st.integers(1, _VALID).flatmap(lambda kind: valid_wheels() if kind == 1 else broken_wheels())

    @seed(number)
    @settings(usual, max_examples=count, phases=[Phase.generate])
    @given(made=wheels, way=st.sampled_from(["ready", "built"]))
    def run(made: MadeWheel, way: str) -> None:
        try:
            ends["right" if require_right_or_refused(made, way, INSTALLERS) else "refused"] += 1
        except Exception as error:
            ends["failed"] += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            text = " ".join(str(error).split())[:300]
            name = f"{type(error).__name__} in {last.name}, {Path(last.filename).name}:{last.lineno}"
            failures.setdefault(name, []).append(f"{way}: {made.faults}: {text}")

    warnings.simplefilter("ignore")  # a name that comes twice is one of the faults
    run()
    return ends, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    share = -(-options.count // options.processes)
    ends: Counter[str] = Counter()
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(options.seed, options.seed + options.processes)
        for some, failures in pool.map(try_wheels, [share] * options.processes, seeds):
            ends += some
            for name, wheels in failures.items():
                print(f"{name}: {len(wheels)} times, such as", *wheels[:4], sep="\n    ")
    print(", ".join(f"{number} {end}" for end, number in sorted(ends.items())))
    return bool(ends["failed"])


if __name__ == "__main__":
    sys.exit(main())
