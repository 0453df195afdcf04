"""The words in front of a command that runs other people's code. With them, the command sees only its own files and no
network, and all of its processes end with it.

Knows the Linux namespaces that unshare(1) makes, and tries which of them this kernel allows: containers and hardened
kernels forbid some. data/enclose.py makes the file system; data/supervise.py ends the processes that a command leaves
behind, with and without namespaces. docs/decisions/0036 explains why bubblewrap is not used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from crosspython.errors import HostToolError
from crosspython.run.console import Console
from crosspython.run.log import Log
from crosspython.run.view import View

Contain = Literal["auto", "required", "off"]
"""The values of contain=. auto: isolate as far as the kernel allows; required: fail if full isolation is not possible;
off: do not isolate."""

_SUPERVISOR = Path(__file__).with_name("data") / "supervise.py"
_ENCLOSURE = Path(__file__).with_name("data") / "enclose.py"

WARNING = (
    "builds are NOT contained on this machine: they have no {lacking} of their own, because the kernel refuses it,"
    " as in many containers. A package's build could {harm}. `scons doctor` says what helps. With contain=required,"
    " nothing is built"
)
_HARMS = {
    "files": "change or read your files",
    "network": "download files that are neither locked nor shown",
    "processes": "see and end your other programs",
}
HELP = (
    "allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns),"
    " or run outside of the container; as root in a chroot, its / has to be a mount point"
)

_NETWORK = ("--net", "--ipc")
_PROCESSES = ("--pid", "--fork", "--mount-proc", "--kill-child")
# An ordinary user needs a user namespace for these. Root uses none if the kernel allows that: in a user namespace the
# owners of an archive's files are unknown. Python's tarfile sets owners if it runs as root; if that fails, it does not
# set the executable bit. The supervisor starts with the capabilities, and drops them.
_USERS = ((), ("--map-current-user", "--keep-caps"))


# A port on which no program listens: a program that wants to download fails at once, with an error.
_NOWHERE = "http://127.0.0.1:9"

OFFLINE = {
    **dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "http_proxy", "https_proxy", "all_proxy"), _NOWHERE
    ),
    "CARGO_NET_OFFLINE": "true",
    "GOPROXY": "off",
    "MATURIN_NO_INSTALL_RUST": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
    "npm_config_offline": "true",
}


@dataclass(frozen=True)
class Isolation:
    """words: the words in front of the command; lacks: the kinds of isolation that the kernel forbids: "network",
    "processes" or "files"."""

    words: tuple[str, ...]
    lacks: tuple[str, ...]

    def tell(self, log: Log, console: Console) -> None:
        """Report missing isolation: in each log, and once on the console."""
        for what in self.lacks:
            log.write(f"=== no {what} of its own, because this kernel refuses it\n")
        if self.lacks:
            harms = " or ".join(_HARMS[what] for what in self.lacks)
            console.warn_once(WARNING.format(lacking=" and no ".join(self.lacks), harm=harms))


def isolate(path: str, *, view: View | None = None, network: bool = False, contain: Contain = "auto") -> Isolation:
    """How to start an isolated command, as far as the kernel allows. With contain="required", raises HostToolError if
    the kernel does not allow full isolation.

    path:    the PATH on which unshare(1) is searched
    view:    the files that the command sees; None: all files, for a command of our own
    network: whether the command may use the network
    """
    if contain == "off":
        return Isolation(_supervise(), ())
    words, lacks = _find_words(path, network, view is not None)
    if contain == "required" and lacks:
        raise HostToolError(
            "contain=required: builds cannot be contained on this machine",
            expected="namespaces for files, processes and the network (unshare of util-linux)",
            found=f"no {', no '.join(lacks)} of their own",
            next=f"{HELP}; or build without it: contain=auto",
        )
    if view is None or "files" in lacks:
        return Isolation((*words, *_supervise()), lacks)
    return Isolation((*words, *_enclose(view.words())), lacks)


def require_containment(path: str) -> None:
    """Raise HostToolError if builds cannot be fully isolated."""
    isolate(path, view=View(Path(os.sep), ()), contain="required")


def _supervise() -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(_SUPERVISOR))


def _enclose(options: tuple[str, ...]) -> tuple[str, ...]:
    own = ("--read", sys.prefix, "--read", sys.base_prefix)
    return (sys.executable, "-I", "-S", str(_ENCLOSURE), *own, *options, "--")


@cache
def _find_words(path: str, network: bool, files: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The call of unshare(1) with all namespaces that this kernel allows, and the missing kinds of isolation."""
    unshare = shutil.which("unshare", path=path)
    wanted = (_PROCESSES,) if network else ((*_NETWORK, *_PROCESSES), _NETWORK, _PROCESSES)
    kinds = ([(wanted[0], True)] if files else []) + [(namespaces, False) for namespaces in wanted]
    for namespaces, encloses in kinds if unshare else ():
        for user in _USERS:
            words = (str(unshare), *user, *namespaces, "--")
            if _works(words, encloses):
                return words, _lacks(namespaces, network=network, files=files and not encloses)
    return (), _lacks((), network=network, files=files)


def _works(words: tuple[str, ...], encloses: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        view = View(Path(folder), (Path(folder),))
        command = [*words, *(_enclose(view.words()) if encloses else ()), "true"]
        cwd = folder if encloses else None
        return subprocess.run(command, cwd=cwd, capture_output=True, check=False).returncode == 0


def _lacks(namespaces: tuple[str, ...], *, network: bool, files: bool) -> tuple[str, ...]:
    wanted = {"network": "--net", "processes": "--pid"}
    lacking = [
        what for what, option in wanted.items() if option not in namespaces and not (network and what == "network")
    ]
    return (*lacking, *(["files"] if files else []))
