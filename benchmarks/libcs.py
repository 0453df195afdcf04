"""On which boards a bundle starts: roots with one libc each, what the self-test says in them, and what starting costs.

    python benchmarks/libcs.py FOLDER build/rv1126 PRIVATE/rv1126

FOLDER keeps Debian's packages for the roots. The others are builds of rv1126 or armv7l, such as one with libc=private
beside a plain one. Needs qemu-user-static, a kernel whose user namespaces have a binfmt_misc of their own (Linux 6.7 or
newer), and for the instructions a qemu-arm that takes plugins (Debian's qemu-user) on PATH.
Markdown tables go to standard output.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "site_scons" / "site_tools")]

from counting import Counter, build_plugin  # noqa: E402  (the path comes first)
from crosspython.builders.settings import COMPONENTS  # noqa: E402
from crosspython.checks.selftest import CERTIFICATE, SCRIPT, expect, read_results  # noqa: E402
from crosspython.recipes.release import LIBEDIT, read_release  # noqa: E402
from crosspython.store.tree import unpack_tree  # noqa: E402
from crosspython.targets import load_target  # noqa: E402
from crosspython.targets.libc import PRIVATE_FOLDER, PRIVATE_PROGRAMS  # noqa: E402
from crosspython.toolchain.emulator import libc_root  # noqa: E402
from crosspython.toolchain.facts import Toolchain  # noqa: E402

from tests.board.packages import Packages  # noqa: E402

# Debian's releases and the packages of a root; busybox is linked statically.
ROOTS = {
    "glibc 2.31": ("bullseye", ["libc6", "libgcc-s1"]),
    "glibc 2.36": ("bookworm", ["libc6", "libgcc-s1"]),
    "glibc 2.41": ("trixie", ["libc6", "libgcc-s1"]),
    "musl 1.2.3": ("bookworm", ["musl"]),
    "busybox alone": ("bookworm", []),
}
# A program of the root, run as on a board: the kernel starts the emulator for whatever the root's programs execute.
ENTER = r"""
set -e
mount -t binfmt_misc none "$1"
magic='\x7f\x45\x4c\x46\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":arm:M::$magic:$mask:$(command -v qemu-arm-static):PF" >"$1/register"
mount --rbind /dev "$2/dev"
mount --rbind /proc "$2/proc"
root=$2
shift 2
exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp LANG=C.UTF-8 QEMU_CPU=cortex-a7 chroot "$root" "$@"
"""
# Every call counts the same.
STEADY = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def make_root(name: str, packages: Path, root: Path) -> None:
    suite, names = ROOTS[name]
    Packages("armhf", packages / suite, suite).unpack(["busybox-static", *names], root)
    for folder in ("bin", "lib"):  # newer packages have all below usr/
        if not (root / folder).exists() and (root / "usr" / folder).is_dir():
            (root / folder).symlink_to(f"usr/{folder}")
    for folder in ("dev", "proc", "tmp", "etc", "opt"):
        (root / folder).mkdir(exist_ok=True)
    for applet in ("sh", "ls", "cat", "echo", "true", "false", "sleep", "readlink", "dirname", "basename", "env", "rm"):
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/tmp:/bin/sh\n")


def enter(root: Path, *command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as binfmt:
        words = ["unshare", "-Urm", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", binfmt, str(root)]
        return subprocess.run([*words, *command], capture_output=True, text=True, check=False, timeout=seconds)


def check(build: Path, packages: Path, name: str) -> str:
    """One cell: whether the bundle starts in a root, and how many of the checks of the self-test pass there."""
    release = read_release(COMPONENTS / "cpython", "3.13", LIBEDIT)
    with tempfile.TemporaryDirectory(prefix="crosspython-root-") as folder:
        root = Path(folder)
        make_root(name, packages, root)
        unpack_tree(bundle_of(build), root / "opt")
        if enter(root, "/opt/python/bin/python3", "-c", "pass", seconds=120).returncode != 0:
            return "does not start"
        toolchain = Toolchain.read(build / "toolchain.json")
        target = replace(load_target("armv7l", REPOSITORY), triplet=toolchain.triplet)
        expected = expect(root / "opt/python", release, target, (), toolchain.time_bits)
        for file in (SCRIPT, CERTIFICATE):
            shutil.copy(file, root / "tmp")
        (root / "tmp/expected.json").write_text(expected.as_json(f"/tmp/{CERTIFICATE.name}", seconds=600))
        (root / "tmp/work").mkdir()
        words = ["/opt/python/bin/python3", f"/tmp/{SCRIPT.name}", "/tmp/expected.json", "/tmp/work"]
        done = enter(root, *words, seconds=3600)
    results = read_results(done.stdout + done.stderr, f"exit status {done.returncode}")
    failed = [result for result in results if not result.ok]
    for result in failed:
        print(f"{build} in {name}: {result.name}: {result.detail}", file=sys.stderr)
    names = f": not {', '.join(result.name for result in failed)}" if failed else ""
    return f"{len(results) - len(failed)} of {len(results)}{names}"


def bundle_of(build: Path) -> Path:
    return next(path for path in sorted(build.glob("python-3.13*.tar.gz")) if "-tests" not in path.name)


def instructions(build: Path, folder: Path) -> int:
    """What starting Python and ending it executes, in the starter, the loader and the interpreter."""
    unpack_tree(bundle_of(build), folder)
    python = folder / "python"
    root = libc_root(Toolchain.read(build / "toolchain.json"))
    counter = Counter(build_plugin(folder), "qemu-arm", root, STEADY)
    private = python / PRIVATE_FOLDER
    program = [str(python / "bin/python3.13"), "-c", "pass"]
    # The kernel here executes no loader of a board's: the starter counts itself, and then ends with a message.
    total, _ = counter.count(program, check=not private.is_dir())
    if private.is_dir():
        real = [str(python / PRIVATE_PROGRAMS / "python3.13"), *program[1:]]
        options = ["--argv0", program[0], "--library-path", str(private)]
        total += counter.count([str(private / "python3.13"), *options, *real])[0]
    return total


def main() -> None:
    packages, *builds = (Path(word).resolve() for word in sys.argv[1:])
    if not builds:
        sys.exit(__doc__)
    print(f"| root | {' | '.join(map(str, builds))} |\n|{' --- |' * (len(builds) + 1)}")
    for name in ROOTS:
        print(f"| {name} | {' | '.join(check(build, packages, name) for build in builds)} |", flush=True)
    for title, size in (
        ("packed, MB", lambda build: f"{bundle_of(build).stat().st_size / 1e6:.1f}"),
        ("instructions of `-c pass`, millions", count_millions),
    ):
        print(f"| {title} | {' | '.join(size(build) for build in builds)} |", flush=True)


def count_millions(build: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return f"{instructions(build, Path(folder)) / 1e6:.2f}"


if __name__ == "__main__":
    main()
