"""Runs one command, and ends the processes that it leaves behind. A separate program, for builds of foreign code.

    python supervise.py [--confine] COMMAND ...

enclose.py also runs it, with --confine: then it drops, for itself and the command, the capabilities that would allow
them to leave their namespaces (capabilities(7)).
It stands between us and the command, so a build that kills its parent does not reach SCons. Processes that lose their
parent become its children (prctl(2), PR_SET_CHILD_SUBREAPER; in a PID namespace it is the first process, and the kernel
ends all others with it). Its exit status is the command's; 128 and the number for a signal, as in a shell.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time

# linux/prctl.h, sys/mount.h
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
MS_BIND = 4096
# linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID. A build that runs as root needs them
# for its own files, because files in archives have owners.
KEPT = (0, 1, 3, 4, 5, 6, 7)
CAPABILITY_VERSION_3 = 0x20080522

GRACE = 0.5  # seconds for helpers that end by themselves when the command has ended (multiprocessing's, for one)
PATIENCE = 3.0  # seconds until a process that may not be killed (a setuid program's) is left alone

stopped = False


def main(*command):
    libc = ctypes.CDLL(None)
    confined = command[0] == "--confine"
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.getpid() == 1:
        # Hide ldconfig, in our own mount namespace: CPython and others call it by its absolute path, and it would
        # report the build machine's libraries.
        libc.mount(b"/bin/true", b"/sbin/ldconfig", None, MS_BIND, None)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)  # this mount was their only purpose
    if confined:
        confine(libc)
        command = command[1:]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    status = wait_for(start(command))
    end_what_is_left()
    return status if status >= 0 else 128 - status


def confine(libc):
    """Drop all capabilities except those about files. setuid programs give no new ones, and no other process can debug
    this one."""
    for number in range(64):
        if number not in KEPT:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    if os.getuid() == 0:
        kept = sum(1 << number for number in KEPT)
        header, data = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
        libc.capset(header, data)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def stop(*_):
    """End the processes that have left our process group. The group itself gets the signal from run/groups.py."""
    global stopped
    stopped = True
    end(pid for pid in processes_below() if group_of(pid) != os.getpgrp())


def start(command):
    child = os.fork()
    if child:
        return child
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        say(f"{command[0]} cannot start: {error.strerror}")
        os._exit(127)


def wait_for(child):
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def end_what_is_left():
    """Wait a moment for the remaining processes to end; report and end the others."""
    begin = time.monotonic()
    while has_children() and not stopped and time.monotonic() < begin + GRACE:
        time.sleep(0.01)
    told = set()
    while has_children() and time.monotonic() < begin + PATIENCE:
        for pid in processes_below():
            words = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
            if words and pid not in told and not stopped:
                say(f"the build left a process running, which was ended: {words[:200]}")
            told.add(pid)
            end([pid])
        time.sleep(0.01)


def has_children():
    """Whether a child lives; ended children are reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def group_of(pid):
    try:
        return os.getpgid(pid)
    except OSError:
        return os.getpgrp()


def processes_below():
    """Our children, their children, and so on, without ended ones."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            words = read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if words and words[0] != "Z":
                parents[int(name)] = int(words[1])
    below, found = {os.getpid()}, None
    while found != set():
        found = {pid for pid, parent in parents.items() if parent in below} - below
        below |= found
    return sorted(below - {os.getpid()})


def end(pids):
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def say(text):
    os.write(2, f"crosspython: {text}\n".encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
