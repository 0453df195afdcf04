"""Escapes that a package's build could try, none of which does harm where it works.

A program that is run within a build: it reads places from the JSON in its argument, tries each escape, and prints which
of them worked. Those that are to work are no escapes: what a build needs.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACES: dict[str, Any] = json.loads(sys.argv[1])
HOME, WORK, INPUT, OUTSIDE = (Path(PLACES[name]) for name in ("home", "work", "input", "outside"))
ESCAPES: dict[str, Callable[[], object]] = {}


def escape(attempt: Callable[[], object]) -> Callable[[], object]:
    ESCAPES[attempt.__name__.replace("_", " ")] = attempt
    return attempt


def connect(address: Any, family: int = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        client.connect(address)


def call(status: int) -> None:
    if status < 0:
        raise OSError


LIBC = ctypes.CDLL(None, use_errno=True)


@escape
def write_beside_the_work_folder() -> None:
    (OUTSIDE / "planted").write_text("x")


@escape
def write_into_the_users_home() -> None:
    (HOME / ".profile").write_text("x")


@escape
def write_into_the_clone() -> None:
    (Path(PLACES["clone"]) / "planted").write_text("x")


@escape
def write_into_the_artifact_cache() -> None:
    (Path(PLACES["cache"]) / "planted").write_text("x")


@escape
def change_an_input() -> None:
    (INPUT / "tool").write_text("x")


@escape
def plant_a_pth_file_in_the_kit() -> None:
    (INPUT / "site-packages/planted.pth").write_text("import os\n")


@escape
def plant_a_sitecustomize_in_the_kit() -> None:
    (INPUT / "site-packages/sitecustomize.py").write_text("")


@escape
def make_an_input_unreadable() -> None:
    (INPUT / "tool").chmod(0)


@escape
def remove_an_input() -> None:
    (INPUT / "tool").unlink()


@escape
def change_a_system_file() -> None:
    Path("/etc/crosspython-planted").write_text("x")


@escape
def put_a_program_on_the_machines_path() -> None:
    Path("/usr/local/bin/crosspython-planted").write_text("x")


@escape
def read_the_users_ssh_key() -> None:
    (HOME / ".ssh/id_planted").read_text()


@escape
def read_the_machines_passwords() -> None:
    if not Path("/etc/shadow").read_text():
        raise OSError


@escape
def read_a_file_in_the_machines_tmp() -> None:
    (OUTSIDE / "secret").read_text()


@escape
def read_the_users_file_through_a_link() -> None:
    link = WORK / "link"
    link.symlink_to(HOME / ".ssh/id_planted")
    link.read_text()


@escape
def write_through_a_link_out_of_the_output_folder() -> None:
    link = WORK / "output"
    link.symlink_to(OUTSIDE)
    (link / "planted").write_text("x")


@escape
def hard_link_an_input_into_the_output_folder() -> None:
    os.link(INPUT / "tool", WORK / "tool")


@escape
def hard_link_the_machines_python() -> None:
    os.link("/bin/sh", WORK / "sh")


@escape
def reach_a_server_by_its_address() -> None:
    connect(("127.0.0.1", PLACES["port"]))


@escape
def reach_a_server_by_ipv6() -> None:
    connect(("::1", PLACES["port6"]), socket.AF_INET6)


@escape
def reach_a_server_by_its_name() -> None:
    connect(("localhost", PLACES["port"]))


@escape
def ask_for_a_name_in_the_network() -> None:
    connect(("192.0.2.1", 53))


@escape
def connect_to_a_unix_socket_of_the_machine() -> None:
    connect(PLACES["socket"], socket.AF_UNIX)


@escape
def connect_to_an_abstract_socket_of_the_machine() -> None:
    connect("\0" + PLACES["abstract"], socket.AF_UNIX)


@escape
def see_a_process_of_the_user() -> None:
    names = [name for name in os.listdir("/proc") if name.isdigit()]
    theirs = f"time.sleep(600)  # {PLACES['marker']}".encode()
    if not any(theirs in Path(f"/proc/{name}/cmdline").read_bytes() for name in names):
        raise OSError


@escape
def read_the_environment_of_scons() -> None:
    if Path(f"/proc/{PLACES['scons']}").exists():
        return
    raise OSError


@escape
def end_the_process_that_started_it() -> None:
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    time.sleep(0.2)
    os.kill(parent, 0)
    raise OSError  # it lives


@escape
def end_a_process_of_the_user() -> None:
    os.kill(PLACES["victim"], signal.SIGTERM)


@escape
def debug_the_process_that_started_it() -> None:
    call(LIBC.ptrace(16, os.getppid(), 0, 0))  # PTRACE_ATTACH


@escape
def write_to_the_memory_of_the_process_that_started_it() -> None:
    with open(f"/proc/{os.getppid()}/mem", "r+b"):
        pass


@escape
def become_root_by_a_setuid_program() -> None:
    program = next(path for name in ("su", "mount", "passwd") if (path := shutil.which(name, path="/bin:/usr/bin")))
    if os.getuid() == 0 or not os.stat(program).st_mode & 0o4000:
        raise OSError
    if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text():
        raise OSError


@escape
def mount_a_file_system() -> None:
    call(LIBC.mount(b"none", str(WORK).encode(), b"tmpfs", 0, None))


@escape
def make_an_input_writable() -> None:
    call(LIBC.mount(None, str(INPUT).encode(), None, 32 | 4096, None))  # MS_REMOUNT | MS_BIND


@escape
def leave_by_chroot() -> None:
    os.chroot(WORK)


@escape
def enter_the_namespaces_of_another_process() -> None:
    descriptor = os.open("/proc/1/ns/mnt", os.O_RDONLY)
    call(LIBC.setns(descriptor, 0))


@escape
def make_a_device() -> None:
    os.mknod(WORK / "disk", 0o60600, os.makedev(8, 0))
    os.close(os.open(WORK / "disk", os.O_RDONLY))


@escape
def find_a_disk_among_the_devices() -> None:
    if not [name for name in os.listdir("/dev") if name.startswith(("sd", "vd", "nvme", "mem", "kmsg", "loop"))]:
        raise OSError


@escape
def change_a_setting_of_the_kernel() -> None:
    with open("/proc/sys/kernel/core_pattern", "r+"):
        pass


@escape
def change_the_machines_name() -> None:
    call(LIBC.sethostname(b"planted", 7))


@escape
def see_shared_memory_of_the_machine() -> None:
    if not Path(PLACES["shared"]).exists():
        raise OSError


@escape
def leave_a_daemon() -> None:
    code = f"import time; time.sleep(600)  # {PLACES['daemon']}"
    subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.DEVNULL)
    raise OSError  # the test looks whether it lives


def works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def needs() -> dict[str, bool]:
    """The abilities that a build must have."""
    (WORK / "made").mkdir()
    (WORK / "made/file").write_text("x")
    Path("/tmp/own").write_text("x")
    Path("/dev/null").write_text("x")
    return {
        "its work folder": (WORK / "made/file").read_text() == "x",
        "an input": (INPUT / "tool").read_text() == "an input",
        "random numbers": len(Path("/dev/urandom").open("rb").read(4)) == 4,
        "a compiler of this machine": subprocess.run(["gcc", "--version"], capture_output=True, check=False).returncode
        == 0,
        "a pseudo terminal": os.openpty()[0] > 0,
        "shared memory": Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK),
    }


if __name__ == "__main__":
    chosen = sys.argv[2:] or ESCAPES  # those that harm nobody where they work are named one by one
    print(json.dumps({"escaped": [name for name in chosen if works(ESCAPES[name])], "needs": needs()}))
