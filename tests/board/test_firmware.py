"""examples/firmware, whole: built by scons, its image booted, its daemon and its application running there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.firmware.image import file
from tests.board.conftest import running
from tests.board.machine import Board
from tests.conftest import copy_example

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
# What an init does with service files, as far as the example's go. BusyBox wants a name for each user.
START = rb"""#!/bin/sh
echo app:x:200:200::/var/lib/app:/bin/sh >> /etc/passwd
for unit in /etc/systemd/system/*.service; do
    name=$(basename $unit .service) user=$(sed -n s/^User=//p $unit)
    touch /run/$name.log
    busybox chown ${user:-0} /run/$name.log
    busybox start-stop-daemon -S -b -m -p /run/$name.pid -c ${user:-0} -a /bin/sh -- \
        -c "exec $(sed -n s/^ExecStart=//p $unit) >> /run/$name.log 2>&1"
done
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what scons made, in both kinds of image; what the artifact cache has comes from there."""
    example = copy_example(tmp_path_factory.mktemp("firmware"))
    for kind in ("cpio", "squashfs"):  # the second has all but the image itself
        run = subprocess.run(
            [sys.executable, "-m", "SCons", "-Q", f"image={kind}"],
            cwd=example,
            capture_output=True,
            text=True,
            timeout=2800,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
    assert "healthd" not in run.stdout
    return example / "build"


@pytest.fixture(scope="module")
def device(built: Path) -> Iterator[Board]:
    """A board that booted with the image over its own kernel, libc and shell."""
    with running("armv7l", top=built / "rootfs.cpio", more=[file("/etc/start", START, 0o755)]) as board:
        yield board


def test_the_daemon_runs_and_writes_its_line(device: Board) -> None:
    assert "/usr/sbin/healthd" in device.command("ps")
    assert re.fullmatch(r"healthd: zlib [\d.]+, uptime [0-9a-f]{8}\n", device.command("head -n 1 /run/healthd.log"))


def test_the_application_runs_as_its_own_user_and_numpy_computes(device: Board) -> None:
    wait = "while [ ! -s /var/lib/app/latest ] && kill -0 $(cat /run/app.pid); do sleep 1; done"
    told = device.command(f"{wait}; cat /var/lib/app/latest || cat /run/app.log", timeout=1200)
    assert re.fullmatch(r"numpy [\d.]+: 11\.755855\n", told)
    assert device.command("busybox stat -c '%u %a %n' /var/lib/app /var/lib/app/latest") == (
        "200 750 /var/lib/app\n200 644 /var/lib/app/latest\n"
    )


def test_owners_and_modes_on_the_board_are_those_of_the_list(device: Board, built: Path) -> None:
    there = {}
    names = [line.split(" -> ")[0].split(" ", 2)[2] for line in (built / "files-cpio.txt").read_text().splitlines()]
    told = device.command("busybox xargs busybox stat -c '%a %u:%g %n'", data="\n".join(names).encode())
    for line in told.splitlines():
        mode, owner, name = line.split(" ", 2)
        there[name] = f"{int(mode, 8):04o} {owner}"
    for line in (built / "files-cpio.txt").read_text().splitlines():
        mode, owner, name = line.split(" -> ")[0].split(" ", 2)
        if mode[0] != "l":
            assert there[name] == f"{mode[1:]} {owner}", name


def test_a_squashfs_has_the_same_list(built: Path) -> None:
    assert (built / "files-squashfs.txt").read_text() == (built / "files-cpio.txt").read_text()
    run = ["unsquashfs", "-lln", str(built / "rootfs.squashfs")]
    listing = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert re.search(r"^drwxr-x--- 200/200 .* squashfs-root/var/lib/app$", listing, re.MULTILINE)
    assert re.search(r"^-rwxr-xr-x 0/0 .* squashfs-root/usr/sbin/healthd$", listing, re.MULTILINE)


def test_the_table_of_sizes_names_each_package_with_its_files(built: Path) -> None:
    rows = [line.split() for line in (built / "sizes-cpio.txt").read_text().splitlines()]
    sizes = {row[-1]: float(row[0]) for row in rows}
    assert set(sizes) == {"python", "numpy", "healthd", "app", "services", "all"}
    assert sizes["python"] > 10 and sizes["numpy"] > 10
    assert sizes["all"] == pytest.approx(sum(size for name, size in sizes.items() if name != "all"), abs=0.05)
