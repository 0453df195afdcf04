"""A virtual board: a real kernel of the distribution in QEMU's full emulation, with BusyBox and an SSH server.

It runs without root, and only this machine's loopback reaches it. The first boot ends in a snapshot of the whole
machine, from which later boots resume; it is kept as long as nothing that it is made of changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.firmware.image import Entry, device, file, folder, link, tree, write_image
from tests.board.packages import Packages

LIBRARIES = ["libc6", "libgcc-s1", "libstdc++6", "libtomcrypt1", "libtommath1", "libgmp10", "zlib1g", "libcrypt1"]
PROGRAMS = ["busybox-static", "dropbear-bin", "openssh-sftp-server"]
MODULES = ["virtio_mmio", "virtio_net", "virtio_rng", "virtio_blk", "crc32c_generic", "ext4"]
APPLETS = """
sh cat cp mv ln ls rm mkdir rmdir mount umount uname df du tar gzip date sleep sha256sum touch chmod readlink find grep
sed head tail ps kill free poweroff hostname id test true false env sync insmod ip basename dirname wc
"""
DISK = 512 << 20  # bytes
INIT = """\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
[ -e /opt/python ] || mount -t tmpfs -o size=700m opt /opt
for module in {modules}; do insmod /modules/$module.ko; done
hostname board
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
[ -x /etc/start ] && /etc/start
dropbear -R -E -s
exec sleep 2147483647
"""


@dataclass(frozen=True)
class Model:
    """A kind of board. `architecture` is dpkg's, `kernel` the package that depends on the newest kernel."""

    machine: str
    architecture: str
    kernel: str
    emulator: str
    cpu: str
    libraries: str


MODELS = {
    "armv7l": Model("armv7l", "armhf", "linux-image-armmp", "qemu-system-arm", "cortex-a7", "arm-linux-gnueabihf"),
    "aarch64": Model("aarch64", "arm64", "linux-image-arm64", "qemu-system-aarch64", "cortex-a76", "aarch64-linux-gnu"),
}


class Image:
    """Kernel and initial RAM disk of a model, in a folder where they are kept.

    disk: where the RAM disk is written, by default there, too
    more: what is put into it besides; top: a further archive, which the kernel unpacks over it
    """

    def __init__(
        self,
        model: Model,
        folder: Path,
        *,
        disk: Path | None = None,
        more: Sequence[Entry] = (),
        top: Path | None = None,
    ) -> None:
        self.model, self.folder = model, folder
        self.key = folder / "key"
        if not self.key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        root = folder / "root"
        packages = Packages(model.architecture, folder / "apt")
        if not (folder / "unpacked").exists():
            newest = next(name for name in packages.depends(model.kernel) if name.startswith("linux-image"))
            packages.unpack([newest, *LIBRARIES, *PROGRAMS], root)
            (folder / "unpacked").touch()
        self.kernel = next(root.glob("boot/vmlinuz-*"))
        self.initrd = disk or folder / "initrd.cpio"
        write_image([*self._entries(root), *more], self.initrd)
        if top is not None:
            with self.initrd.open("ab") as stream, top.open("rb") as archive:
                shutil.copyfileobj(archive, stream)

    def _entries(self, root: Path) -> Iterator[Entry]:
        modules = list(_module_order(root))
        busybox = next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())
        for path in ("/proc", "/sys", "/dev", "/run", "/var/run", "/opt", "/mnt", "/etc/dropbear"):
            yield folder(path)
        yield folder("/tmp", 0o1777)
        yield device("/dev/console", 5, 1)
        yield device("/dev/null", 1, 3, 0o666)
        yield file("/bin/busybox", busybox, 0o755)
        yield from (link(f"/bin/{name}", "busybox") for name in APPLETS.split())
        yield from libraries_and_loader(root, self.model)
        yield file("/usr/sbin/dropbear", root / "usr/sbin/dropbear", 0o755)
        yield file("/usr/lib/sftp-server", root / "usr/lib/openssh/sftp-server", 0o755)
        yield from (file(f"/modules/{path.name}", path) for path in modules)
        yield file("/init", INIT.format(modules=" ".join(path.stem for path in modules)).encode(), 0o755)
        yield file("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n")
        yield file("/etc/group", b"root:x:0:\nuser:x:1000:\n")
        yield file("/etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n")
        yield file("/etc/shells", b"/bin/sh\n")
        yield file("/etc/profile", b"export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
        for home, owner in (("/root", 0), ("/home/user", 1000)):
            yield folder(home, 0o700, owner, owner)
            yield folder(f"{home}/.ssh", 0o700, owner, owner)
            yield file(f"{home}/.ssh/authorized_keys", self.key.with_suffix(".pub"), 0o600, owner, owner)


class Board:
    """One running board. `stop` it in the end; `command` runs something on it over SSH.

    Its console's log is console.log in `work`, a folder with a short path.

    disk:    a file that is its /dev/vda and outlives it; without it, an empty one that does not
    resumes: from a snapshot, which is made if it is not there; otherwise it boots
    """

    def __init__(
        self, image: Image, work: Path, *, memory: int = 1024, disk: Path | None = None, resumes: bool = True
    ) -> None:
        self.image, self.work = image, work
        self.port = _free_port()
        self.disk = disk or work / "disk"
        if disk is None:
            with self.disk.open("wb") as stream:
                stream.truncate(DISK)
        self.hosts = work / "known_hosts"
        self._qmp = work / "qmp"
        self._arguments = [
            *(image.model.emulator, "-M", "virt", "-cpu", image.model.cpu, "-smp", "2", "-m", str(memory)),
            *("-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{work}/console.log"),
            # QEMU 7.2 overwrites the base register of `ldrd r3, r5, [r3]` when the second word is in a page that is
            # not there yet; the kernel brings the page, repeats the instruction, and Python's allocator reads at
            # address 0.
            # Whether it meets that depends on addresses: norandmaps makes every start the same (docs/boards.md).
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
            *("-append", "quiet norandmaps console=ttyAMA0"),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "virtio-net-device,netdev=net", "-device", "virtio-rng-device"),
            *("-drive", f"file={self.disk},format=raw,if=none,id=disk", "-device", "virtio-blk-device,drive=disk"),
        ]
        self._snapshot = image.folder / f"snapshot-{self._key()}"
        begin = time.monotonic()
        if not resumes:
            self._start()
        elif self._snapshot.exists():
            self._start("-incoming", f"exec:cat {self._snapshot}")
        else:
            self._start()
            self._save()
        self.seconds = time.monotonic() - begin
        self.command(f"date -u -s @{int(time.time())}")

    @property
    def address(self) -> str:
        return f"root@127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """A configuration for ssh -F: our key, and host keys of our own."""
        path = self.work / "ssh_config"
        lines = (
            f"IdentityFile {self.image.key}",
            f"UserKnownHostsFile {self.hosts}",
            "StrictHostKeyChecking accept-new",
        )
        path.write_text("\n".join([*lines, ""]))
        return path

    def command(self, command: str, *, data: bytes = b"", timeout: float = 300, code: int | None = 0) -> str:
        """The output of a shell command on the board; its exit status has to be `code`, if that is not None."""
        ssh = ["ssh", "-F", str(self.config), "-o", "BatchMode=yes", "-p", str(self.port), "root@127.0.0.1", command]
        run = subprocess.run(ssh, input=data, capture_output=True, timeout=timeout, check=False)
        output = (run.stdout + run.stderr).decode(errors="replace")
        assert code is None or run.returncode == code, output
        return output

    def set_clock_to_1970(self) -> None:
        """As a board without a battery has it: 200 s after it began. The kernel refuses a time that is less than its
        uptime (timekeeping since Linux 4.3), and BusyBox' date ends well all the same."""
        self.command("read up idle < /proc/uptime; date -u -s @$((${up%.*} + 200))")
        assert self.command("date -u +%Y") == "1970\n"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self, *more: str) -> None:
        qmp = ("-qmp", f"unix:{self._qmp},server=on,wait=off")
        self._process = subprocess.Popen([*self._arguments, *qmp, *more], stdin=subprocess.DEVNULL)
        try:
            _await_banner(self.port, self._process)
        except BaseException:
            self.stop()
            raise

    def _save(self) -> None:
        """Write the whole machine into a file, while it runs; it goes on running (QMP, `migrate`)."""
        self.command("true")  # the server has made its host key by then
        part = self._snapshot.with_suffix(".part")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._qmp))
            lines = connection.makefile("rw")
            lines.readline()
            _ask(lines, "qmp_capabilities")
            _ask(lines, "migrate", uri=f"exec:cat > {part}")
            while (status := _ask(lines, "query-migrate").get("status")) not in ("completed", "failed"):
                time.sleep(0.1)
        assert status == "completed", status
        self.stop()
        for old in self.image.folder.glob("snapshot-*"):
            if old != part:
                old.unlink()
        part.rename(self._snapshot)
        self._start("-incoming", f"exec:cat {self._snapshot}")

    def _key(self) -> str:
        """The facts on which a snapshot depends: the emulator, its machine, and the programs in it."""
        version = subprocess.run([self._arguments[0], "--version"], capture_output=True, check=True).stdout
        own = ("hostfwd", str(self.work), str(self.disk))
        fixed = [word for word in self._arguments if not any(each in word for each in own)]
        content = b"".join(path.read_bytes() for path in (self.image.kernel, self.image.initrd))
        return hashlib.sha256(version + repr(fixed).encode() + content).hexdigest()[:16]


def _module_order(root: Path) -> Iterator[Path]:
    """The modules, each after those that it names itself as depends= (the package has no modules.dep)."""
    files = {path.stem.replace("-", "_"): path for path in root.glob("lib/modules/**/*.ko")}
    done: set[str] = set()

    def visit(name: str) -> Iterator[Path]:
        if name in files and name not in done:
            done.add(name)
            told = re.search(rb"\0depends=([^\0]*)\0", files[name].read_bytes())
            for other in told[1].decode().split(",") if told else []:
                yield from visit(other.replace("-", "_"))
            yield files[name]

    for name in MODULES:
        yield from visit(name)


def libraries_and_loader(root: Path, model: Model) -> Iterator[Entry]:
    """Those of a C library, with their places on a board, from a folder with unpacked packages."""
    for place in ("lib", "usr/lib"):
        if (root / place / model.libraries).is_dir():
            yield from _libraries(root / place / model.libraries, f"/lib/{model.libraries}")
    yield from (_as_it_is(path, f"/lib/{path.name}") for path in sorted((root / "lib").glob("ld-*")))


def _libraries(place: Path, path: str) -> Iterator[Entry]:
    return (entry for entry in tree(place, path) if re.search(r"\.so(\.|$)", entry.path) and "gconv" not in entry.path)


def _as_it_is(path: Path, there: str) -> Entry:
    return link(there, os.readlink(path)) if path.is_symlink() else file(there, path, 0o755)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _await_banner(port: int, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until an SSH server speaks: an open port means nothing under QEMU's user networking."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"the emulator ended with {process.returncode}"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.settimeout(1)
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the board did not come up in time")


def _ask(lines, command: str, **arguments: object) -> dict[str, object]:
    lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    lines.flush()
    while True:
        answer = json.loads(lines.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        if "return" in answer:
            return answer["return"]
