"""Gives a command a file system of its own, and runs it as supervise.py does. A program of its own, the first process
in its namespaces.

    python enclose.py [--read PATH | --write PATH | --temporary FOLDER] ... -- COMMAND ...

The command sees only the machine's tools (/usr, /etc, /opt), devices without data of the machine, and the paths of the
options. All of them have their own names, and are read-only except for the paths of --write. The command sees FOLDER as
/tmp.
unshare(1) made the namespaces. The kernel's documentation: mount(2), mount_setattr(2), pivot_root(2), proc(5).
"""

import ctypes
import os
import stat
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import supervise  # run in this process: starting a second interpreter would take as long as all the rest

# sys/mount.h, linux/mount.h
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC = 2, 4, 8, 4096, 16384
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
SYS_MOUNT_SETATTR = 442  # the same on all architectures

# The folders of a machine's software; also shown are the folders of libraries, /lib*.
SYSTEM = ("usr", "bin", "sbin", "etc", "opt", "nix", "gnu")
# Files that tell the number of cores, and how many of them a container may use.
OF_SYS = ("/sys/devices/system", "/sys/fs/cgroup")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("ptmx", "pts/ptmx"))
# Files of /proc that root could write even without capabilities, and files that reveal kernel memory to root.
PROC_READ_ONLY = ("sys", "irq", "bus", "fs", "sysrq-trigger")
PROC_HIDDEN = ("kcore", "keys", "kmsg", "timer_list", "sched_debug")
OLD = "/.machine"

libc = ctypes.CDLL(None, use_errno=True)


class Attributes(ctypes.Structure):
    """struct mount_attr of linux/mount.h."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def main(*words):
    options, command = words[: words.index("--")], words[words.index("--") + 1 :]
    folder = os.getcwd()
    try:
        enclose(list(zip(options[::2], options[1::2], strict=True)))
        os.chdir(folder)
    except OSError as error:
        text = f"crosspython: this build cannot be contained: {error.filename or command[0]}: {error.strerror}\n"
        os.write(2, text.encode(errors="replace"))
        return 125
    return supervise.main("--confine", *command)


def enclose(options):
    """Build the new root in a file system in memory. The old root is mounted below it until everything is there."""
    shown, links = {}, {}
    for name in sorted(os.listdir("/")):
        if name in SYSTEM or name.startswith("lib"):
            find("/" + name, False, shown, links)
    for path in OF_SYS:
        find(path, False, shown, links)
    temporary = None
    for option, path in options:
        if option == "--temporary":
            temporary = os.path.realpath(path)
        else:
            find(path, option == "--write", shown, links)
    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    os.mkdir("/tmp" + OLD)
    check(libc.pivot_root(b"/tmp", b"/tmp" + OLD.encode()), "pivot_root")
    os.chdir("/")
    make_devices()
    for path in ("/proc", "/run", "/tmp", "/var/tmp"):
        os.makedirs(path, exist_ok=True)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for path in ("/tmp", "/var/tmp"):
        if temporary:
            bind(temporary, path)
        else:
            mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for path in sorted(shown):
        show(path, shown[path], shown)
    for path in sorted(links):
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(links[path], path)
    if os.getuid() == 0:
        hide_from_root()
    check(libc.umount2(OLD.encode(), MNT_DETACH), "umount")
    os.rmdir(OLD)
    protect("/", 0)


def find(path, writable, shown, links):
    """Record the target of a path, and the links on the way to it."""
    path = os.path.abspath(path)
    real = os.path.realpath(path)
    if not os.path.exists(real):
        return
    shown[real] = writable or shown.get(real, False)
    for _ in range(40):  # the kernel follows at most 40 links
        link = first_link(path)
        if link is None:
            return
        links[link] = os.readlink(link)
        path = os.path.normpath(os.path.join(os.path.dirname(link), links[link]) + path[len(link) :])


def first_link(path):
    parts = path.split("/")
    return next((at for n in range(2, len(parts) + 1) if os.path.islink(at := "/".join(parts[:n]))), None)


def show(path, writable, shown):
    """Bind a path to its own name, unless a folder above shows it in the same way."""
    above = path
    while above != "/":
        above = os.path.dirname(above)
        if above in shown:
            if shown[above] == writable:
                return
            break
    if not os.path.lexists(path):
        if os.path.isdir(OLD + path):
            os.makedirs(path)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    bind(path, path)
    if not writable:
        protect(path)


def make_devices():
    os.makedirs("/dev/pts")
    os.mkdir("/dev/shm")
    for name in DEVICES:
        if os.path.exists(f"{OLD}/dev/{name}"):
            os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY))
            bind(f"/dev/{name}", f"/dev/{name}")
    for name, to in LINKS:
        os.symlink(to, f"/dev/{name}")
    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")


def hide_from_root():
    """Hide files that ordinary users cannot read or write: secrets in /etc, switches of the kernel."""
    for parent, folders, files in os.walk("/etc"):
        for name in [*folders, *files]:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) and not mode & stat.S_IXOTH:
                mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0555")
                folders.remove(name)
            elif stat.S_ISREG(mode) and not mode & stat.S_IROTH:
                bind("/dev/null", path)
    for name in PROC_READ_ONLY:
        if os.path.exists(path := f"/proc/{name}"):
            mount(path, path, None, MS_BIND | MS_REC)
            protect(path)
    for name in PROC_HIDDEN:
        if os.path.exists(path := f"/proc/{name}"):
            bind("/dev/null", path)


def bind(path, at):
    mount(OLD + path, at, None, MS_BIND | MS_REC)


def protect(path, flags=AT_RECURSIVE):
    attributes = Attributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    check(libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, ctypes.byref(attributes), size), path)


def mount(what, at, kind, flags, data=None):
    words = [None if word is None else os.fsencode(word) for word in (what, at, kind)]
    check(libc.mount(*words, flags, data and data.encode()), at)


def check(status, what):
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
