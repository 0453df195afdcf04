"""A function of ours, called in a process of its own: of all threads of one Python, one runs at a time.

Knows how a call and its result travel. It is for work that would keep a core busy for seconds while other threads have to
run, too; what the function does is its own business, and whoever calls holds a job token.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from crosspython.run.log import Log
from crosspython.run.process import run_command

P = ParamSpec("P")
R = TypeVar("R")


def apart(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function returns: a public one of a module, that may be called twice; its arguments and result can be pickled.

    Raises what the function raises, and Interrupted. Where the call fails, it is made here once more, so that the error is
    told as if it had never been elsewhere.
    """
    with tempfile.TemporaryDirectory(prefix="crosspython-") as folder, Log(Path(os.devnull)) as log:
        result = Path(folder, "result")
        places = os.pathsep.join(filter(None, sys.path))
        done = run_command(
            [sys.executable, "-m", __spec__.name, str(result)],
            cwd=Path(folder),
            env={**os.environ, "PYTHONPATH": places},
            log=log,
            input=pickle.dumps((function, args, kwargs)),
            may_fail=True,
        )
        if done.status == 0:
            answer: R = pickle.loads(result.read_bytes())
            return answer
    return function(*args, **kwargs)


def _main(result: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is half written is removed
    function, args, kwargs = pickle.load(sys.stdin.buffer)
    Path(result).write_bytes(pickle.dumps(function(*args, **kwargs)))


if __name__ == "__main__":
    _main(sys.argv[1])
