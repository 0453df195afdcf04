"""An interpreter of the build machine that a user names instead of build-python.

Knows how to ask it for its version, and how to install it for builds. Bytecode and build scripts belong to one X.Y, so
an interpreter of another X.Y is refused. An older X.Y.Z is refused, too: CPython's make lets it run the new standard
library (Makefile.pre.in, PYTHON_FOR_BUILD). The plans decide what is built with it.
All paths belong to the build machine.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from crosspython.errors import ConfigurationError

_PATIENCE = 60.0  # seconds
_QUESTION = (
    "import json, platform, sys; "
    "print(json.dumps([platform.python_implementation(), platform.python_version(), sys.executable]))"
)

_STAND_IN = """\
#!/bin/sh
case "$*" in
-V) echo "Python {version}" ;;
"-c import sys;"*sys.version_info*) echo {series} ;;
*) echo "build-python was called before it is there: $*" >&2; exit 1 ;;
esac
"""


@dataclass(frozen=True)
class Interpreter:
    """The facts that an interpreter reports; `executable` is the real program behind scripts and links."""

    implementation: str
    version: str
    executable: str

    def __str__(self) -> str:
        return f"{self.implementation} {self.version}"


def require_interpreter(path: Path, version: str) -> Interpreter:
    """Run an interpreter and return what it is.

    version: X.Y.Z of the Python that is built, or X.Y.Zt without the GIL; the interpreter itself may have the GIL
    Raises ConfigurationError unless it is a CPython of that X.Y, and not older than X.Y.Z.
    """
    version = version.removesuffix("t")
    interpreter, series = _ask(path, version), _series(version)
    is_of_series = interpreter.implementation == "CPython" and _series(interpreter.version) == series
    if not is_of_series or Version(interpreter.version) < Version(version):
        raise ConfigurationError(
            f"build_python={path} cannot build Python {version}",
            expected=f"CPython {version}, or a newer {series}",
            found=str(interpreter),
            next="leave out build_python=: then one is built",
        )
    return interpreter


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def install_interpreter(path: Path, version: str, folder: Path) -> None:
    """Put an interpreter into a folder of programs, by the names that builds look for on PATH.

    They are scripts and not links, because an interpreter finds its library relative to its own path.
    """
    executable = require_interpreter(path, version).executable
    folder.mkdir(parents=True)
    for name in ("python3", f"python{_series(version)}"):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(executable)} "$@"\n')
        (folder / name).chmod(0o755)


def install_stand_in(version: str, folder: Path) -> None:
    """Write scripts that can only tell an interpreter's version. CPython's configure needs nothing else.

    version: X.Y.Z, or X.Y.Zt
    """
    version = version.removesuffix("t")
    series = _series(version)
    folder.mkdir(parents=True)
    for name in ("python3", f"python{series}"):
        (folder / name).write_text(_STAND_IN.format(version=version, series=series))
        (folder / name).chmod(0o755)


def _ask(path: Path, version: str) -> Interpreter:
    """Ask an interpreter for its facts. It runs isolated (-I), so that the user's PYTHONPATH has no effect."""
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
        return Interpreter(*json.loads(done.stdout))
    except OSError as error:
        found = error.strerror or str(error)
    except subprocess.TimeoutExpired:
        found = f"no answer within {_PATIENCE:g} s"
    except (ValueError, TypeError):
        said = (done.stderr or done.stdout).strip().splitlines()
        found = f"exit status {done.returncode}" + (f": {said[-1]}" if said else ", and no answer")
    raise ConfigurationError(
        f"build_python={path} is not a Python that runs here", expected=f"CPython {version}", found=found
    )
