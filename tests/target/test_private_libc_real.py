"""A bundle's own libc, from real compilers, and the starter, which runs on this machine's kernel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf
from crosspython.stages.private_libc import gather_libc, make_starter
from crosspython.targets import load_target
from crosspython.toolchain.emulator import find_emulator
from crosspython.toolchain.load import load_toolchain

pytestmark = pytest.mark.slow

PATH = os.environ["PATH"]
CC = Path("/usr/bin/gcc")
LOADER = "ld-linux-x86-64.so.2"
HERE = 'machine = "x86_64"\ntriplet = "x86_64-linux-gnu"\n'
# Tells what it was called, by which name the kernel knows it, where its libc is, and a variable.
PROGRAM = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **arguments)
{
    char line[4096], *found;
    for (int each = 0; each < count; each++)
        puts(arguments[each]);
    FILE *comm = fopen("/proc/self/comm", "r"), *maps = fopen("/proc/self/maps", "r");
    printf("comm %s", fgets(line, sizeof line, comm));
    while (fgets(line, sizeof line, maps))
        if ((found = strchr(line, '/')) && strstr(found, "/libc.so.6") && strstr(line, "r-xp"))
            printf("libc %s", found);
    printf("LD_LIBRARY_PATH %s\\n", getenv("LD_LIBRARY_PATH"));
    return 7;
}
"""


@pytest.fixture(scope="module", params=["gcc", "clang"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of this machine's kind with a starter for one program, which GCC or Clang has compiled."""
    cc = Path(shutil.which(request.param) or "")
    tree = tmp_path_factory.mktemp("made") / "tree"
    for folder in ("bin", "libexec", "lib/private"):
        (tree / folder).mkdir(parents=True)
    (tree.parent / "here.toml").write_text(HERE)
    make_starter(cc, load_target("./here.toml", tree.parent), "tell", "3.2.0", tree / "bin/tell")
    (tree / "tell.c").write_text(PROGRAM)
    subprocess.run([CC, tree / "tell.c", "-o", tree / "libexec/tell"], check=True)
    for name in (LOADER, "libc.so.6"):
        asked = [str(CC), f"-print-file-name={name}"]
        shutil.copy(
            subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip(), tree / "lib/private"
        )
    (tree / "lib/private/tell").symlink_to(LOADER)
    (tree / "bin/link").symlink_to("tell")
    return tree


@pytest.fixture
def tree(made: Path, tmp_path: Path) -> Path:
    """The same, moved."""
    return Path(shutil.copytree(made, tmp_path / "moved über there", symlinks=True))


def told(*command: object, cwd: Path | None = None, **environment: str) -> list[str]:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    return [*(done.stdout or done.stderr).splitlines(), f"status {done.returncode}"]


def refusal(*command: object, **environment: str) -> str:
    *lines, status = told(*command, **environment)
    assert status == "status 127" and len(lines) == 1
    return lines[0]


def test_the_starter_runs_its_program_with_the_libc_that_lies_there(tree: Path) -> None:
    expected = ["comm tell", f"libc {tree}/lib/private/libc.so.6", "LD_LIBRARY_PATH (null)", "status 7"]
    for name in ("tell", "link"):
        assert told(tree / "bin" / name, "a b", "", "-c") == [f"{tree}/bin/{name}", "a b", "", "-c", *expected]
    (tree.parent / "elsewhere").symlink_to(tree / "bin/link")
    assert told(tree.parent / "elsewhere") == [f"{tree.parent}/elsewhere", *expected]
    assert told("./tell", cwd=tree / "bin") == ["./tell", *expected]
    assert told("tell", PATH=f"{tree}/bin")[:3] == ["tell", *expected[:2]]


def test_its_libc_goes_before_the_folders_of_ld_library_path(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "libc.so.6").write_text("no library")
    lines = told(tree / "bin/tell", LD_LIBRARY_PATH=str(tmp_path))
    assert lines[2:] == [f"libc {tree}/lib/private/libc.so.6", f"LD_LIBRARY_PATH {tmp_path}", "status 7"]


def test_a_venv_made_of_copies_finds_its_python(tree: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    shutil.copy(tree / "bin/tell", python)
    (tmp_path / "venv/pyvenv.cfg").write_text(f"include-system-site-packages = false\nhome = {tree}/bin\nversion = 3\n")
    assert told(python)[:3] == [str(python), "comm tell", f"libc {tree}/lib/private/libc.so.6"]


def test_what_it_cannot_do_is_said_in_one_line(tree: Path, tmp_path: Path) -> None:
    alone = shutil.copy(tree / "bin/tell", tmp_path / "tell")
    assert refusal(alone).startswith(f"{alone}: its bundle is not complete: unpack all of it again; missing: ")
    colon = shutil.copytree(tree, tmp_path / "a:b", symlinks=True)
    assert "a colon" in refusal(colon / "bin/tell")
    (tree / "lib/private" / LOADER).unlink()
    assert refusal(tree / "bin/tell").endswith(f"it cannot be executed: {tree}/lib/private/tell")


def test_a_board_without_proc_is_told(tree: Path) -> None:
    """The tree is the whole root there."""
    said = refusal("unshare", "--user", "--map-root-user", "chroot", tree, "/bin/tell", PATH=PATH)
    assert said == "/bin/tell: it cannot find its own folder, because there is no /proc; next: mount -t proc proc /proc"


def test_a_kernel_that_is_too_old_is_told(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text(HERE)
    starter = make_starter(CC, load_target("./here.toml", tmp_path), "tell", "99.1", tree / "bin/tell")
    pattern = r".*/bin/tell: this Linux is too old for the libc that the bundle brings, which needs 99\.1: \d+\.\d+.*"
    assert re.fullmatch(pattern, refusal(starter))


@pytest.mark.parametrize("name", ["rv1126", "aarch64"])
def test_what_a_cross_compilers_libc_consists_of(name: str, tmp_path: Path) -> None:
    target = replace(load_target(name, Path("/")), libc=None, libc_baseline=None, brings_libc=True)
    toolchain = load_toolchain(target, None, path=PATH, unpack_into=tmp_path / "sdk", make_in=tmp_path, remark=print)
    (tmp_path / "work").mkdir()
    private = gather_libc(toolchain, target, "python3.13", tmp_path / "work", PATH)
    names = {place.removeprefix("lib/private/") for place in private.files}
    assert names >= {private.loader, "libc.so.6", "libstdc++.so.6", "libnss_compat.so.2", "libresolv.so.2"}
    if Path("/usr/lib/locale/C.utf8").is_dir():
        assert "locale/C.utf8/LC_CTYPE" in names
    elves = [elf for path in private.files.values() if (elf := read_elf(path))]
    assert {need for elf in elves for need in elf.needed} <= names
    assert not [elf.path.name for elf in elves if elf.has_symbol_table]
    starter = read_elf(private.starter)
    assert starter is not None and (starter.kind, starter.interpreter, starter.needed) == ("executable", None, ())
    assert private.starter.stat().st_size < 70_000  # of which 64 kB are the pages of a 64-bit ARM
    if name == "rv1126":
        assert starter.flags == 0x5000400  # what pip looks for, before it takes a manylinux wheel
    (tmp_path / "hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); }\n')
    hello = tmp_path / "hello"
    subprocess.run([f"{toolchain.prefix}gcc", *target.cflags, tmp_path / "hello.c", "-o", hello], check=True)
    folder = private.files[f"lib/private/{private.loader}"].parent
    command = [find_emulator(target.machine, PATH), folder / private.loader, "--library-path", folder, hello]
    assert told(*command) == ["hello", "status 0"]
