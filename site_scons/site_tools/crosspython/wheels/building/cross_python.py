"""cross-python: an interpreter that runs on the build machine and gives the answers of the board's. crossenv makes it;
this module verifies it.

Knows crossenv's arguments, and the answers that build backends rely on. Wrong answers would give wheels that fail on
the board, so they are verified before the first build.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from crosspython.errors import ToolchainError
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.wheels.building.kit import Kit

CROSSENV = version("crossenv")

# crossenv is a module of our own Python's. PYTHONPATH would stay in the sys.path of every cross-python that it makes.
# crossenv sets no kernel release, but build scripts parse it. We use the version of the toolchain's kernel headers,
# because programs may rely on that.
_START = """\
import sys
place, release = sys.argv[1:3]
del sys.argv[1:3]
sys.path.insert(0, place)
import crossenv, crossenv.utils
del sys.path[0]
ask = crossenv.CrossEnvBuilder.get_uname_info
def get_uname_info(self):
    ask(self)
    self.host_release = release
crossenv.CrossEnvBuilder.get_uname_info = get_uname_info
crossenv.main()
"""

_QUESTIONS = """\
import json, os, platform, sys, sysconfig
kit, own = sys.argv[1], json.loads(sys.argv[2])
ask = sysconfig.get_config_var
print(json.dumps({
    "sysconfig.get_platform()": sysconfig.get_platform(),
    "platform.machine()": platform.machine(),
    "os.uname().machine": os.uname().machine,
    "os.uname().release": os.uname().release,
    "sys.platform": sys.platform,
    "sys.version": "%d.%d" % sys.version_info[:2],
    "EXT_SUFFIX": ask("EXT_SUFFIX"),
    "SOABI": ask("SOABI"),
    "SIZEOF_VOID_P": ask("SIZEOF_VOID_P"),
    "CC": ask("CC"),
    "sysconfig.get_path('include')": sysconfig.get_path("include"),
    "folder of sys.executable": os.path.dirname(sys.executable),
    "CPATH": os.environ.get("CPATH", ""),
    "LIBRARY_PATH": os.environ.get("LIBRARY_PATH", ""),
    "sys.path": [path for path in sys.path + sys.build_path if path and not path.startswith(kit) and path not in own],
}))
"""


def make_cross_python(kit: Kit, variables: Mapping[str, Any], log: Log, path: str) -> None:
    """Make and verify the cross-python of a kit. Raises StepError where crossenv fails, ToolchainError where it lies.

    variables: the build variables of the target's Python (sysconfig)
    """
    spec = find_spec("crossenv")
    assert spec is not None and spec.origin is not None, "requirements.txt has it"
    environment = {
        "PATH": f"{kit.bin}:{path}",
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPYCACHEPREFIX": str(kit.bytecode),
        "CROSSPYTHON_SYSROOT": str(kit.sysroot),
    }
    # A sysroot without usr/ and lib/, so that crossenv puts no folder into CPATH and LIBRARY_PATH: build tools that are
    # compiled for this machine would see the target's headers.
    options = ["--without-pip", "--machine", kit.target.machine, "--sysroot", str(kit.bin)]
    for name, value in without_debug_information(variables).items():
        options += ["--config-var", f"{name}={value}"]
    place, kernel = Path(spec.origin).parents[1], kit.toolchain.kernel_headers or ""
    start = [str(kit.native_python), "-c", _START, str(place), kernel]
    folder = kit.folder / "crossenv"
    where = kit.folder, environment, log
    run_command([*start, *options, str(kit.target_python), str(folder)], cwd=kit.folder, env=environment, log=log)
    # An interpreter of the user's own has its standard library outside of the kit. Its site-packages must stay out.
    library, answers = kit.folder / "library.json", kit.folder / "answers.json"
    _ask([str(kit.native_python), "-I", "-S", "-"], library, "import json, sys\nprint(json.dumps(sys.path))\n", *where)
    _ask([str(kit.cross_python), "-", str(kit.folder), library.read_text()], answers, _QUESTIONS, *where)
    judge_answers(json.loads(answers.read_text()), expected_answers(kit, variables), log.path)


def _ask(
    command: Sequence[str], answers: Path, questions: str, folder: Path, environment: Mapping[str, str], log: Log
) -> None:
    """Give a program to an interpreter, and write what it prints into a file."""
    ask = f"exec {shlex.join(command)} > {shlex.quote(str(answers))}"
    run_command(["sh", "-c", ask], cwd=folder, env=environment, log=log, input=questions.encode())


def expected_answers(kit: Kit, variables: Mapping[str, Any]) -> dict[str, object]:
    """The answers that the board's Python would give, except for paths, which are the kit's."""
    return {
        "sysconfig.get_platform()": f"linux-{kit.target.machine}",
        "platform.machine()": kit.target.machine,
        "os.uname().machine": kit.target.machine,
        "os.uname().release": kit.toolchain.kernel_headers or "",
        "sys.platform": "linux",
        "sys.version": kit.release.series_number,
        "EXT_SUFFIX": variables["EXT_SUFFIX"],
        "SOABI": variables["SOABI"],
        "SIZEOF_VOID_P": variables["SIZEOF_VOID_P"],
        "CC": f"{kit.target.triplet}-gcc",
        "sysconfig.get_path('include')": str(kit.include),
        "folder of sys.executable": str(kit.cross_python.parent),
        "CPATH": "",
        "LIBRARY_PATH": "",
        "sys.path": [],
    }


def judge_answers(answers: Mapping[str, object], expected: Mapping[str, object], log: Path) -> None:
    """Raise one ToolchainError that names all wrong answers."""
    wrong = [
        f"{name} should be {value!r}; got {answers.get(name)!r}"
        for name, value in expected.items()
        if answers.get(name) != value
    ]
    if wrong:
        raise ToolchainError(
            "crossenv: the cross-python does not answer as the board's Python would",
            evidence=wrong,
            log=log,
            next="`scons -c` and build again; if the error remains, report it with these lines",
        )


def without_debug_information(variables: Mapping[str, Any]) -> dict[str, str]:
    """Compiler flags without -g: wheels are stripped anyway, and debug information takes a fifth of the time."""
    flags = {name: str(variables[name]) for name in ("CFLAGS", "OPT", "PY_CFLAGS") if name in variables}
    return {name: re.sub(r"(?<!\S)-g\d?(?!\S)\s*", "", value) for name, value in flags.items()}
