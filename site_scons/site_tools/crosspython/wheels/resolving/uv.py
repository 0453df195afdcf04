"""Running uv, and keeping the builds that it starts by itself from the network and from the user's home.

If no metadata tells a package's requirements, uv runs the package's backend; and it builds build requirements that have
no wheel. These builds run foreign code, so they must be isolated, but uv itself needs the network for the indexes. So
uv runs without isolation, and each backend that it starts is isolated (data/uv/sitecustomize.py).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosspython.run.isolation import OFFLINE, Contain, isolate
from crosspython.run.log import Log
from crosspython.run.process import Finished, run_command
from crosspython.run.view import View, tools_of_machine
from crosspython.wheels.resolving.indexes import Indexes

# The path names the file itself, so that keys of the artifact cache include its content (builders/code.py).
_SITE = (Path(__file__).with_name("data") / "uv/sitecustomize.py").parent
# The variables by which git connects to a server as for the user. uv runs git for commits of repositories.
_OF_GIT = ("SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND")


def run_uv(
    arguments: Sequence[str],
    *,
    cwd: Path,
    path: str,
    indexes: Indexes,
    cache: Path | None,
    contain: Contain,
    log: Log,
    reads: Sequence[Path] = (),
    timeout: float | None = None,
    may_fail: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Finished:
    """Run uv with these arguments. Raises what run_command raises.

    cwd:   a folder in the work folder; uv's home is in it, so that nothing of a killed run stays elsewhere
    path:  the PATH of the build machine's tools, for packages that have to be built
    cache: uv's; None: uv's own choice
    contain: how the backends that uv runs are isolated
    variables: further environment variables
    reads: paths that these backends may read, besides the machine's tools and uv's cache, such as their Python's folder
    """
    from uv import find_uv_bin

    with tempfile.TemporaryDirectory(prefix=".home-", dir=cwd) as home:
        alone = {**OFFLINE, "HOME": home, "TMPDIR": home, "LC_ALL": "C.UTF-8", "PYTHONNOUSERSITE": "1"}
        own = indexes.environment.get("HOME", home)
        homes = {"CARGO_HOME": f"{own}/.cargo", "RUSTUP_HOME": f"{own}/.rustup"}
        rust = {name: indexes.environment.get(name, place) for name, place in homes.items()}
        places = (Path(own) / ".cache/uv" if cache is None else cache, *map(Path, rust.values()))
        view = View(Path(home), (Path(home),), (*reads, *places, *tools_of_machine(path)))
        order = {"words": isolate(path, view=view, contain=contain).words, "environment": alone, "rust": rust}
        environment = {
            "PATH": path,
            "LC_ALL": "C.UTF-8",
            **indexes.environment,
            **{name: os.environ[name] for name in _OF_GIT if name in os.environ},
            **(variables or {}),
            **({"UV_CACHE_DIR": str(cache)} if cache is not None else {}),
            "PYTHONPATH": str(_SITE),
            "CROSSPYTHON_ISOLATION": json.dumps({**order, "cache": str(places[0])}),
        }
        return run_command(
            [find_uv_bin(), *arguments],
            before=isolate(path, network=True, contain=contain).words,
            cwd=cwd,
            env=environment,
            log=log,
            timeout=timeout,
            may_fail=may_fail,
        )
