"""CPython's own tests and numpy's on the virtual board, ours against the distribution's:
two Pythons, one kernel, the same cases.

    PYTHONPATH=site_scons/site_tools python -m tests.board.compare [MODULE ...]

Without a module it takes the lists that `scons check` has.
Where both have a case and its outcomes differ, that is a bug of ours or stands in differences.toml with its reason. The
distribution's Python is unpacked into the board's root beside ours, with the libraries that it needs.
"""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from crosspython.checks.check import DATA
from crosspython.checks.regrtest import read_junit, read_output

from examples.firmware import image
from tests.board.bringing import build_bundle
from tests.board.conftest import running
from tests.board.machine import MODELS, Board
from tests.board.packages import Packages
from tests.conftest import REPOSITORY

PACKAGES = """
python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libpython3.11-testsuite libssl3 libffi8 libbz2-1.0
liblzma5 libsqlite3-0 libexpat1 libncursesw6 libtinfo6 libreadline8 libuuid1 libdb5.3 libnsl2 libtirpc3
libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 media-types
"""
NUMPYS_PACKAGES = """
python3-numpy python3-pytest python3-pluggy python3-iniconfig python3-packaging python3-attr python3-hypothesis
python3-sortedcontainers libblas3 liblapack3 libgfortran5
"""
NUMPYS_WHEELS = "numpy pytest hypothesis"
OURS, THEIRS = "/opt/python/bin/python3", "/usr/bin/python3.11"
SECONDS = 1200
OK, FAILED, SKIPPED = "ok", "failed", "skipped"


@dataclass(frozen=True)
class Difference:
    """A case whose outcome is another with ours than with theirs."""

    case: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.case}: ours {self.ours}, theirs {self.theirs}"


@contextmanager
def board_with_both(modules: Collection[str]) -> Iterator[Board]:
    """A board whose root has the bundle and the distribution's Python, both with these test modules."""
    wants_numpy = any(module.startswith("numpy.") for module in modules)
    ours = [entry for archive in build_bundle() for entry in image.unpacked(archive, "/opt")]
    both = [*image.tree(_theirs(PACKAGES), ""), *ours]
    if wants_numpy:
        both += [*image.tree(_theirs(NUMPYS_PACKAGES), ""), *_our_numpy()]
    with running("armv7l", more=[entry for entry in both if _is_needed(entry.path, modules)]) as board:
        yield board


def _theirs(packages: str) -> Path:
    """The distribution's packages, unpacked, and compiled where this Python is of the same series:
    the board is slow."""
    home = REPOSITORY / "build/board" / MODELS["armv7l"].architecture
    root = home / packages.split()[0]
    if not root.exists():
        part = root.with_name(f"{root.name}.part")
        Packages(MODELS["armv7l"].architecture, home / "apt").unpack(packages.split(), part)
        if sys.version_info[:2] == (3, 11):
            left_out = "/test/test_|/bad|lib2to3|idlelib|encodings/[cmik]"
            compileall = ["compileall", "-q", "-s", str(part), "-p", "/", "-x", left_out, str(part / "usr/lib")]
            subprocess.run([sys.executable, "-m", *compileall], check=False)  # some files are wrong on purpose
        part.rename(root)
    return root


def _our_numpy() -> list[image.Entry]:
    """The wheels that `scons wheels` makes of numpy and of the packages for its tests, in site-packages."""
    build = REPOSITORY / "build/board/wheels"
    scons = [sys.executable, "-m", "SCons", "-Q", "target=rv1126", f"build={build}", "wheels", f"pkgs={NUMPYS_WHEELS}"]
    subprocess.run(scons, cwd=REPOSITORY, check=True)
    wheels = sorted((build / "rv1126/wheels").glob("*.whl"))
    site = "/opt/python/lib/python3.13/site-packages"
    return [entry for wheel in wheels for entry in image.installed(wheel, site)]


def compare(board: Board, module: str) -> tuple[dict[str, str], list[Difference]]:
    """Run a test module with both; the outcomes of all cases that both have, as ours had them,
    and where theirs differ."""
    ours, theirs = (outcomes(board, python, module) for python in (OURS, THEIRS))
    same = {_plain(case): outcome for case, outcome in sorted(theirs.items(), key=lambda item: item[1] == FAILED)}
    common = {case: outcome for case, outcome in sorted(ours.items()) if _plain(case) in same}
    found = [Difference(case, ours[case], same[_plain(case)]) for case in common if ours[case] != same[_plain(case)]]
    return common, found


def _plain(case: str) -> str:
    """A case's class and name: test modules have moved between series (ctypes.test.test_x, test.test_ctypes.test_x)."""
    return ".".join(case.split(".")[-2:])


def outcomes(board: Board, python: str, module: str) -> dict[str, str]:
    """The results of a module's cases, by their ids; numpy's own, which pytest runs, or CPython's."""
    if module.startswith("numpy."):
        return numpy_outcomes(board, python, module)
    run = f"cd /tmp && rm -f x.xml && HOME=/tmp {python} -m test -v --randseed 0 --junit-xml x.xml {module} 2>&1"
    output = board.command(run, code=None, timeout=SECONDS)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_text(board.command("cat /tmp/x.xml"))
        ran, failed = read_junit(Path(file.name))
        names = {case.get("name") for case in ElementTree.parse(file.name).iter("testcase") if _is_compared(case)}
    failed |= read_output(output)
    found = dict.fromkeys(filter(None, names), SKIPPED) | dict.fromkeys(ran, OK) | dict.fromkeys(failed, FAILED)
    assert found, output
    return found


def _is_compared(case: ElementTree.Element) -> bool:
    """Not a case for which a resource is wanted (`-u`): newer series ask that of more cases."""
    skipped = case.find("skipped")
    return skipped is None or "is not enabled" not in (skipped.text or "")


def numpy_outcomes(board: Board, python: str, module: str) -> dict[str, str]:
    """The same of a module of numpy's."""
    options = "-q -p no:cacheprovider --tb=line --junit-xml x.xml -W ignore"
    place = "LD_LIBRARY_PATH=/usr/lib/arm-linux-gnueabihf/blas:/usr/lib/arm-linux-gnueabihf/lapack" * (python == THEIRS)
    if python == THEIRS:
        module = module.replace("numpy._core.", "numpy.core.")  # before numpy 2
    run = f"cd /tmp && rm -f x.xml && HOME=/tmp {place} {python} -m pytest {options} --pyargs {module} 2>&1"
    output = board.command(run, code=None, timeout=SECONDS)
    found = {}
    for case in ElementTree.fromstring(board.command("cat /tmp/x.xml")).iter("testcase"):
        failed = any(case.find(tag) is not None for tag in ("failure", "error"))
        outcome = FAILED if failed else SKIPPED if case.find("skipped") is not None else OK
        found[f"{case.get('classname')}.{case.get('name')}"] = outcome
    assert found, output
    return found


def explain(differences: Sequence[Difference]) -> list[Difference]:
    """Those that differences.toml does not know."""
    entries = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())["difference"]
    return [
        difference
        for difference in differences
        if not any(
            fnmatch.fnmatchcase(difference.case, entry["case"])
            and (entry["ours"], entry["theirs"]) == (difference.ours, difference.theirs)
            for entry in entries
        )
    ]


def _is_needed(path: str, modules: Collection[str]) -> bool:
    """Whether the board needs a file: not those of test modules that are not run."""
    below = path.partition("/test/")[2].split("/") if "/python3." in path else [""]
    name = (below[1] if below[0] == "__pycache__" and below[1:] else below[0]).partition(".")[0]
    return path != "" and (not name.startswith("test_") or name in modules)


def named_modules() -> Iterator[str]:
    """The modules that `scons check` runs in the emulator: of CPython's own tests, and of numpy's."""
    yield from tomllib.loads((DATA / "cpython-tests.toml").read_text())["modules"]
    for suite in tomllib.loads((DATA / "package-tests.toml").read_text())["suite"]:
        if suite["package"] == "numpy":
            yield from suite["modules"]


def main() -> None:
    modules = sys.argv[1:] or [*named_modules()]
    unknown = 0
    with board_with_both(modules) as board:
        for module in modules:
            try:
                common, found = compare(board, module)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print(f"{module}: no result: {str(error)[-300:]}", flush=True)
                continue
            unexplained = explain(found)
            unknown += len(unexplained)
            well = sum(outcome == OK for outcome in common.values())
            print(
                f"{module}: {len(common)} cases in both, {well} well with ours,"
                f" {len(found)} differ, {len(unexplained)} unexplained",
                flush=True,
            )
            for difference in unexplained:
                print(f"    {difference}", flush=True)
    sys.exit(unknown != 0)


if __name__ == "__main__":
    main()
