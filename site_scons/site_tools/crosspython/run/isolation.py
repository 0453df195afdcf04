"""The words before a command that runs other people's code: it gets no network, and none of its processes outlives it.

Knows the namespaces of Linux that unshare(1) makes, and which of them this kernel lets us have; containers and hardened
kernels forbid some. If it forbids a process namespace, data/supervise.py still ends the processes
that a command leaves behind.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crosspython.run.console import Console
from crosspython.run.log import Log

_SUPERVISOR = Path(__file__).with_name("data") / "supervise.py"

WARNING = (
    "this machine does not let builds be cut off from the network (`unshare --net` is refused, as in many containers): "
    "what a package's build downloads is not locked and not shown; `scons doctor` says what helps"
)
HELP = (
    "allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns),"
    " or run outside of the container"
)

_NETWORK = ("--net",)
_PROCESSES = ("--pid", "--fork", "--mount-proc", "--kill-child")
# A user needs a user namespace for these. Root uses none where the kernel allows that: inside of one, the owners of
# files in an archive are unknown, and Python's tarfile, which sets owners if it runs as root, then does not set the
# right to run. The supervisor has the capabilities, and gives them up.
_USERS = ((), ("--map-current-user", "--keep-caps"))


# A port that nothing listens at: whatever wants to download fails at once, and says so.
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
    """words: what stands before the command; lacks: what the kernel forbids, "a network" or "processes" of its own."""

    words: tuple[str, ...]
    lacks: tuple[str, ...]

    def tell(self, log: Log, console: Console) -> None:
        """Report what the kernel forbids: in each log, and a missing network isolation once on the console."""
        for what in self.lacks:
            log.write(f"=== no {what} of its own: unshare(1) is refused here\n")
        if "network" in self.lacks:
            console.warn_once(WARNING)


@cache
def isolate(path: str, *, network: bool = False) -> Isolation:
    """How a command is started alone, as far as the kernel lets us.

    path:    where unshare(1) is looked for
    network: the command may have the network
    """
    supervise = (sys.executable, "-I", "-S", str(_SUPERVISOR))
    unshare = shutil.which("unshare", path=path)
    wanted = (_PROCESSES,) if network else ((*_NETWORK, *_PROCESSES), _NETWORK, _PROCESSES)
    for namespaces in wanted if unshare else ():
        for user in _USERS:
            words = (str(unshare), *user, *namespaces, "--")
            if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
                return Isolation((*words, *supervise), _lacks(namespaces, network=network))
    return Isolation(supervise, _lacks((), network=network))


def _lacks(namespaces: tuple[str, ...], *, network: bool) -> tuple[str, ...]:
    wanted = {"network": "--net", "processes": "--pid"}
    return tuple(
        what for what, option in wanted.items() if option not in namespaces and not (network and what == "network")
    )
