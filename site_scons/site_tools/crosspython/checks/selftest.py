"""The expectations and results of our self-test on the target. Who runs it, and where, is not known here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from elftools.elf.enums import ENUM_E_MACHINE

from crosspython.checks.result import MARK, Result
from crosspython.finish.python_tree import TESTS
from crosspython.recipes.release import Release
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS
from crosspython.targets.machines import find_machine
from crosspython.targets.triplet import parse_triplet

SCRIPT = Path(__file__).parent / "data" / "selftest.py"
CERTIFICATE = Path(__file__).parent / "data" / "localhost-test-only.pem"


@dataclass(frozen=True)
class Expectation:
    """The expected facts about a Python on the target. `build_paths` are the build machine's, and must not occur in it.

    rpath_first: whether its loader looks in RPATHs before LD_LIBRARY_PATH
    interpreter, abi: its names in wheel tags
    tls: the versions of TLS that it supports, by ssl's names, the newest first
    """

    modules: tuple[str, ...]
    machine: str
    rpath_first: bool
    interpreter: str
    abi: str
    has_build_details: bool
    tls: tuple[str, ...]
    build_paths: tuple[str, ...]
    time_bits: int

    def as_json(self, certificate: str, only: tuple[str, ...] = (), seconds: float = 300) -> str:
        """The expectations as JSON for the script. The certificate's path belongs to the machine on which the script
        runs. `only` chooses checks by name.

        seconds: a check that takes longer counts as hung; in the emulator a venv with pip takes a quarter of a minute
        """
        machine = find_machine(self.machine)
        return json.dumps(
            {
                "modules": list(self.modules),
                "machine": self.machine,
                "elf_machine": ENUM_E_MACHINE[machine.elf],
                "bits": machine.bits,
                "rpath_first": self.rpath_first,
                "certificate": certificate,
                "interpreter": self.interpreter,
                "abi": self.abi,
                "build_details": self.has_build_details,
                "tls": list(self.tls),
                "time_bits": self.time_bits,
                "build_paths": list(self.build_paths),
                "only": list(only),
                "seconds": seconds,
            }
        )


def expect(tree: Path, release: Release, target: Target, build_paths: tuple[str, ...], time_bits: int) -> Expectation:
    """The expectations for an unpacked bundle. Without the archive of tests, the modules in that archive are left out.

    time_bits: the bits of time_t that it was compiled with
    """
    modules = release.modules
    if not (tree / "lib" / f"python{release.series}" / "test").is_dir():
        left_out = [PurePosixPath(pattern).name for pattern in TESTS if "/lib-dynload/" in pattern]
        modules = tuple(m for m in modules if not any(fnmatch(f"{m}.so", pattern) for pattern in left_out))
    return Expectation(
        modules=modules,
        machine=target.machine,
        rpath_first=LIBCS[parse_triplet(target.triplet).likely_libc].rpath_first,
        interpreter=release.interpreter,
        abi=release.abi,
        has_build_details=release.has_build_details,
        tls=release.tls,
        build_paths=build_paths,
        time_bits=time_bits,
    )


def read_results(output: str, ended: str) -> list[Result]:
    """The results that the script printed. If the script did not end normally, a failed result is added."""
    results = [json.loads(line.removeprefix(MARK)) for line in output.splitlines() if line.startswith(MARK + "{")]
    found = [Result(item["name"], item["ok"], item["seconds"], item["detail"]) for item in results]
    if ended != "exit status 0" or not found:
        found.append(Result("selftest", False, 0.0, f"{output[-2000:]}\nended with {ended}"))
    return found
