"""Wheels made by a real cross compiler: libraries put in, symbols and paths out, the same bytes twice."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from crosspython.elf.file import ElfFile, read_elf
from crosspython.errors import AuditError
from crosspython.targets import Target, load_target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.wrapper import write_wrappers
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.repairing.archive import lay_out_wheel, verify_record
from crosspython.wheels.repairing.repair import Repair, finish_wheel, take_ready

from tests.unit.made_wheel import make_wheel, member_names

pytestmark = pytest.mark.slow

CROSS = "arm-linux-gnueabihf-gcc"
MODULE = "toy/_answer.cpython-313-arm-linux-gnueabihf.so"
NAME = "toy-1.0-cp313-cp313-linux_armv7l.whl"
INNER = "#include <math.h>\ndouble inner(double x) { return sqrt(x); }\n"
OUTER = "double inner(double); int outer(void) { return (int)inner(1764); }\n"
EXTENSION = "int outer(void); void *PyInit__answer(void) { return outer() ? 0 : (void *)__FILE__; }\n"


@dataclass
class Workbench:
    """A private sysroot with two libraries, one of which needs the other, and a wheel with a module that needs one."""

    folder: Path
    repair: Repair

    @classmethod
    def open(cls, folder: Path, target: Target, toolchain: Toolchain) -> Workbench:
        sysroot = folder / "work/sysroot"
        (sysroot / "usr/lib").mkdir(parents=True)
        write_wrappers(folder / "tools", toolchain, target)
        repair = Repair(
            LockedPackage("toy", "1.0"),
            target,
            toolchain,
            "3.13",
            "",
            folder / "work/wheel",
            engine="cross",
            tools=folder / "tools",
            sysroot=sysroot,
            replace={str(folder / "work"): "/usr/src"},
        )
        bench = cls(folder, repair)
        bench.link(sysroot / "usr/lib/libinner.so.1", INNER, "-lm", "-Wl,-soname,libinner.so.1")
        bench.link(sysroot / "usr/lib/libouter.so.2", OUTER, "-l:libinner.so.1", "-Wl,-soname,libouter.so.2")
        return bench

    def link(self, product: Path, source: str, *options: str) -> bytes:
        file = self.folder / "work" / f"{product.name.partition('.')[0]}.c"
        file.write_text(source)
        environment = {
            **os.environ,
            "CROSSPYTHON_SYSROOT": str(self.repair.sysroot),
            "CROSSPYTHON_WORK": str(self.folder / "work"),
        }
        command = [self.folder / "tools" / CROSS, "-g", "-shared", "-fPIC", file, "-o", product, *options]
        subprocess.run(command, env=environment, check=True)
        return product.read_bytes()

    def make(self, *options: str) -> Path:
        """The wheel as a backend leaves it: symbols in it, and an RPATH to the build machine."""
        module = self.link(self.folder / "work/_answer.so", EXTENSION, "-l:libouter.so.2", *options)
        return make_wheel(self.folder, NAME, {MODULE: module, "toy/__init__.py": ""})

    def finish(self, made: Path, product: str = "product.whl", **changes: Any) -> tuple[Path, tuple[str, ...]]:
        report = finish_wheel(made, self.folder / product, replace(self.repair, **changes))
        return self.folder / product, report.grafted


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> tuple[Target, Toolchain]:
    target = load_target("rv1126", Path())
    cc = find_compiler(target, None, path=os.environ["PATH"], unpack_into=tmp_path_factory.mktemp("sdk"))
    return target, probe_toolchain(cc, target)


@pytest.fixture
def bench(tmp_path: Path, compiler: tuple[Target, Toolchain]) -> Workbench:
    return Workbench.open(tmp_path, *compiler)


def read(wheel: Path, folder: Path) -> dict[str, ElfFile]:
    """The ELF files of a wheel, by name; a grafted one by its old name, without its hash."""
    tree = lay_out_wheel(wheel, folder, "3.13")
    assert verify_record(tree) == []
    found = {}
    for path in tree.site.rglob("*.so*"):
        if (elf := read_elf(path)) is not None:
            found[path.name.partition("-")[0].partition(".")[0]] = elf
    return found


def test_what_a_module_needs_is_put_in_with_what_that_needs(bench: Workbench, tmp_path: Path) -> None:
    wheel, grafted = bench.finish(bench.make())
    assert grafted == ("libinner.so.1", "libouter.so.2")
    elves = read(wheel, tmp_path / "look")
    module, inner, outer = elves["_answer"], elves["libinner"], elves["libouter"]
    assert module.rpath == "$ORIGIN/../toy.libs" and outer.path.name in module.needed
    assert outer.rpath == "$ORIGIN" and inner.path.name in outer.needed and inner.rpath is None
    assert (outer.soname, inner.soname) == (outer.path.name, inner.path.name)


def test_a_grafted_library_bears_its_hash(bench: Workbench, tmp_path: Path) -> None:
    wheel, _ = bench.finish(bench.make())
    names = [name for name in member_names(wheel) if name.startswith("toy.libs/")]
    bench.link(tmp_path / "work/sysroot/usr/lib/libinner.so.1", INNER + "int more;", "-lm", "-Wl,-soname,libinner.so.1")
    other, _ = bench.finish(bench.make(), "other.whl")
    changed = [name for name in member_names(other) if name.startswith("toy.libs/")]
    assert names[0] != changed[0] and names[1] == changed[1] and names[1].startswith("toy.libs/libouter-")


def test_the_emulator_loads_it_from_any_folder(bench: Workbench, tmp_path: Path, compiler: Any) -> None:
    wheel, _ = bench.finish(bench.make())
    tree = lay_out_wheel(wheel, tmp_path / "elsewhere", "3.13")
    program = tmp_path / "work/load.c"
    program.write_text(
        "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **a) { void *h = dlopen(a[1], RTLD_NOW);"
        'puts(h ? "loaded" : dlerror()); return !h; }\n'
    )
    subprocess.run([CROSS, program, "-o", tmp_path / "load"], check=True)
    command = [
        "qemu-arm-static",
        "-L",
        str(Path(compiler[1].libc_folder).parent),
        tmp_path / "load",
        tree.site / MODULE,
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == "loaded\n"


def test_with_the_bundle_a_module_finds_its_libraries_in_the_prefix(bench: Workbench, tmp_path: Path) -> None:
    wheel, grafted = bench.finish(bench.make(), to_bundle=True)
    assert grafted == () and read(wheel, tmp_path / "look")["_answer"].rpath == "$ORIGIN/../../.."
    assert not any(name.startswith("toy.libs") for name in member_names(wheel))


def test_an_rpath_of_the_build_machine_goes_and_leaves_no_trace(bench: Workbench, tmp_path: Path) -> None:
    wheel, _ = bench.finish(bench.make(f"-Wl,-rpath,{tmp_path}/work/sysroot/usr/lib"))
    tree = lay_out_wheel(wheel, tmp_path / "look", "3.13")
    assert str(tmp_path).encode() not in (tree.site / MODULE).read_bytes()


def test_symbols_for_debuggers_are_left_out(bench: Workbench, tmp_path: Path) -> None:
    wheel, _ = bench.finish(bench.make())
    assert not any(elf.has_symbol_table for elf in read(wheel, tmp_path / "look").values())


def test_the_same_wheel_twice_has_the_same_bytes(bench: Workbench, tmp_path: Path) -> None:
    first, _ = bench.finish(bench.make(), "first.whl")
    second, _ = bench.finish(bench.make(), "second.whl", work=tmp_path / "work/another/place")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("changes", "options", "earned"),
    [
        ({"generic": True}, (), ["manylinux_2_17_armv7l"]),
        ({"generic": True}, ("-Wl,--no-as-needed", "-lstdc++"), []),  # the compiler's, which is newer than the libc
        ({"generic": False}, (), []),
        ({"generic": True, "libc": None}, (), []),
    ],
)
def test_a_generic_boards_wheel_is_manylinux_too(
    bench: Workbench, compiler: tuple[Target, Toolchain], changes: Any, options: tuple[str, ...], earned: list[str]
) -> None:
    target = replace(compiler[0], **{"libc": Libc("glibc", "2.17"), **changes})
    report = finish_wheel(bench.make(*options), bench.folder / "product.whl", replace(bench.repair, target=target))
    platforms = [tag.rpartition("-")[2] for tag in report.tags]
    assert platforms == ["linux_armv7l", *earned]
    assert report.filename == f"toy-1.0-cp313-cp313-{'.'.join(platforms)}.whl"
    assert not any("which were corrected" in remark for remark in report.remarks)


@pytest.mark.parametrize(("option", "soname"), [("-lgomp", "libgomp.so.1"), ("-lgfortran", "libgfortran.so.5")])
def test_a_library_of_the_compiler_is_put_in_too(bench: Workbench, option: str, soname: str) -> None:
    _, grafted = bench.finish(bench.make("-Wl,--no-as-needed", option))
    assert soname in grafted


def test_too_new_a_libc_names_the_symbol(bench: Workbench, compiler: tuple[Target, Toolchain]) -> None:
    old = replace(compiler[0], libc_baseline=Libc("glibc", "2.3"))
    with pytest.raises(AuditError, match="would not work") as caught:
        bench.finish(bench.make(), target=old)
    assert any("needs GLIBC_2.4" in line and "glibc 2.3 at most" in line for line in caught.value.evidence)


LATE = "#include <time.h>\nint PyInit__answer(void) { time_t now = time(0); return gmtime(&now)->tm_year; }\n"


def test_a_wheel_with_the_other_time_is_refused_and_a_ready_one_remarked(bench: Workbench, tmp_path: Path) -> None:
    fine = make_wheel(tmp_path / "64", NAME, {MODULE: bench.link(tmp_path / "work/_answer.so", LATE)})
    bench.finish(fine)
    old = make_wheel(tmp_path / "32", NAME, {MODULE: bench.link(tmp_path / "work/_answer.so", LATE, "-U_TIME_BITS")})
    with pytest.raises(AuditError, match="would not work") as caught:
        bench.finish(old)
    assert any("was compiled with a 32-bit time_t" in line and "gmtime, time" in line for line in caught.value.evidence)
    with_old = replace(bench.repair.toolchain, time_bits=32)
    ready, _ = bench.finish(old, "ready.whl", toolchain=with_old)
    report = take_ready(ready, NAME, tmp_path / "taken.whl", bench.repair)
    assert report.remarks == ("compiled with 32-bit time: its own code knows no dates after January 2038",)
    with pytest.raises(AuditError, match="would not work"):
        bench.finish(fine, toolchain=with_old)
