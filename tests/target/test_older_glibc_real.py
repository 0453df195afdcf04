"""Debian's own compiler links for a glibc that is older than its own; what it makes runs, and needs no more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf
from crosspython.elf.lower_versions import lower_versions
from crosspython.elf.symbols import versioned_symbols
from crosspython.elf.versions import is_newer
from crosspython.errors import ToolchainError
from crosspython.targets import Target, load_target
from crosspython.targets.libc import Libc
from crosspython.toolchain.emulator import emulator_command, libc_root
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.load import load_toolchain
from crosspython.toolchain.older_glibc import gcc_libraries
from crosspython.toolchain.older_glibc.start_files import NONSHARED
from crosspython.toolchain.older_glibc.stubs import LIBRARIES, first_versions
from crosspython.toolchain.time_bits import MACROS

pytestmark = pytest.mark.slow

PATH = os.environ["PATH"]
OLD = Libc("glibc", "2.28")
TARGET = replace(load_target("rv1126", Path("/")), libc=OLD, libc_baseline=OLD)

# What came later, and what programs do where it is missing: a function of the same name is their own.
C = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __GLIBC_PREREQ(2, 29) || __has_include(<sys/single_threaded.h>)
#error these are headers of a newer glibc
#endif

static int begun;
__attribute__((constructor)) static void begin(int count, char **arguments) { begun = count; }
__attribute__((destructor)) static void end(void) { puts("destroyed"); }
static pid_t gettid(void) { return 7; }
static void *run(void *none) { return (void *)(long)gettid(); }

int main(int count, char **arguments)
{
    static char stack[SIGSTKSZ + PTHREAD_STACK_MIN];
    struct stat status;
    pthread_t thread;
    void *answer, *library = dlopen("libm.so.6", RTLD_NOW);
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, &answer);
    setenv("SEEN", "yes", 1);
    printf("%d %ld %g %d %d %s %zu\\n", begun, (long)answer, pow(count + 1, 3), stat("/", &status),
           fcntl(0, F_GETFD) >= 0, library && dlsym(library, "cos") ? getenv("SEEN") : "no", sizeof stack / 1024);
    return 0;
}
"""
LIBRARY = """\
#include <stdexcept>
#include <string>
void fail(int number) { throw std::runtime_error("number " + std::to_string(number)); }
"""
CXX = """\
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>
void fail(int number);
struct Static { Static() { std::cout << "made "; } ~Static() { std::cout << " gone" << std::endl; } } one;
int main()
{
    std::mutex mutex;
    std::condition_variable condition;
    bool ran = false;
    std::thread thread([&] { std::lock_guard<std::mutex> lock(mutex); ran = true; condition.notify_one(); });
    {
        std::unique_lock<std::mutex> lock(mutex);
        condition.wait_for(lock, std::chrono::seconds(20), [&] { return ran; });
    }
    thread.join();
    std::random_device device;
    try { fail(device() != device() ? 1 : 0); } catch (std::runtime_error &error) { std::cout << error.what(); }
    std::cout << " " << std::filesystem::exists("/");
}
"""
FORTRAN = """\
subroutine twice(number, text) bind(c)
  use iso_c_binding
  real(c_double), value :: number
  character(kind=c_char), intent(out) :: text(3)
  character(len=3) :: written
  write (written, '(f3.1)') 2 * number
  text = transfer(written, text)
end subroutine
"""
OPENMP = """\
int sum(int count)
{
    int all = 0;
#pragma omp parallel for reduction(+ : all) num_threads(3)
    for (int each = 0; each < count; each++)
        all += each;
    return all;
}
"""
CALLS_OPENMP = """\
#include <stdio.h>
int sum(int);
int main(void) { printf("%d", sum(9)); return 0; }
"""
CALLS_FORTRAN = """\
#include <stdio.h>
void twice(double, char *);
int main(void) { char text[4] = {0}; twice(1.25, text); puts(text); return 0; }
"""


@pytest.fixture(scope="module")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    folder = tmp_path_factory.mktemp("my, töolchain")
    return load_toolchain(TARGET, None, path=PATH, unpack_into=folder, make_in=folder / "made")


def compile_with(toolchain: Toolchain, tool: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    flags = TARGET.cflags if toolchain.triplet == TARGET.triplet else ()
    command = [toolchain.prefix + tool, *flags, "-O1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def make(toolchain: Toolchain, tool: str, folder: Path, *arguments: str) -> None:
    done = compile_with(toolchain, tool, folder, *arguments)
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr


def run(toolchain: Toolchain, folder: Path, target: Target = TARGET) -> str:
    """The output of a program in the emulator; it needs no symbol that is newer than the requested version."""
    for path in folder.iterdir():
        elf = read_elf(path)
        if elf is not None and elf.kind != "relocatable":
            assert all(map(OLD.loads, elf.libc_versions().values()))
            assert {"libstdc++.so.6", "libgcc_s.so.1", "libgfortran.so.5"}.isdisjoint(elf.needed)
            assert not elf.has_executable_stack
    emulator = emulator_command(target, libc_root(toolchain), PATH) if target is TARGET else []
    command = [*emulator, "./program"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_it_is_known_as_the_older_libc_with_the_boards_size_of_time(toolchain: Toolchain) -> None:
    assert (toolchain.libc, toolchain.time_bits) == (OLD, 32)
    assert toolchain.time_limit == "glibc 2.28 is older than 2.34"


def test_the_same_is_made_in_every_folder(toolchain: Toolchain, tmp_path: Path) -> None:
    assert (
        load_toolchain(TARGET, None, path=PATH, unpack_into=tmp_path, make_in=tmp_path).identity == toolchain.identity
    )


def test_whether_a_fortran_compiler_is_installed_changes_nothing_else(toolchain: Toolchain, tmp_path: Path) -> None:
    """The bare machine of a first build has none, and shares its products with those that have one."""
    (tmp_path / "bin").mkdir()
    for program in Path("/usr/bin").glob("arm-linux-gnueabihf-*"):
        if not program.name.endswith(("-gfortran", "-gcc")):
            (tmp_path / "bin" / program.name).symlink_to(program)
    compiler = tmp_path / "bin/arm-linux-gnueabihf-gcc"
    compiler.write_text(
        'case $* in *print-file-name=libgfortran*) echo none ;; *) exec /usr/bin/arm-linux-gnueabihf-gcc "$@" ;; esac\n'
    )
    compiler.write_text(f"#!/bin/sh\n{compiler.read_text()}")
    compiler.chmod(0o755)
    made = load_toolchain(TARGET, None, path=f"{tmp_path}/bin:{PATH}", unpack_into=tmp_path, make_in=tmp_path / "made")
    assert (made.fortran, toolchain.fortran) == (False, True)
    assert made.identity == toolchain.identity


def test_it_is_kept_for_all_builds_and_made_again_where_it_was_changed(tmp_path: Path) -> None:
    def ask(build: str) -> Toolchain:
        return load_toolchain(TARGET, None, path=PATH, unpack_into=tmp_path / build, make_in=tmp_path / "made")

    (tmp_path / "one/glibc-2.28").mkdir(parents=True)  # as an older version left it
    first = ask("one")
    script = Path(f"{first.prefix}gcc")
    made = script.stat().st_ctime_ns
    assert ask("two") == first
    assert script.stat().st_ctime_ns == made
    assert (tmp_path / "one/glibc-2.28").resolve() == (tmp_path / "two/glibc-2.28").resolve() == script.parents[1]
    script.unlink()
    assert ask("two").identity == first.identity
    assert script.is_file()


def test_products_do_not_name_the_folder_that_it_lies_in(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(
        "#include <ctype.h>\n#include <stdio.h>\nint main(void) { return puts(__FILE__); }\n"
    )
    make(toolchain, "gcc", tmp_path, "-g3", "main.c", "-o", "program")
    assert str(toolchain.sysroot).encode() not in (tmp_path / "program").read_bytes()
    assert b"/usr/lib/crosspython/usr/include" in (tmp_path / "program").read_bytes()


def test_a_program_in_c_runs_its_constructors_threads_and_libraries(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(C)
    make(toolchain, "gcc", tmp_path, "main.c", "-o", "program", "-pthread", "-lm", "-ldl")
    assert run(toolchain, tmp_path) == "1 7 8 0 1 yes 24\ndestroyed\n"


def test_a_board_like_the_build_machine_is_built_for_by_its_own_compiler(tmp_path: Path) -> None:
    machine = os.uname().machine
    (tmp_path / "own.toml").write_text(f'machine = "{machine}"\ntriplet = "{machine}-linux-gnu"\nlibc = "glibc 2.28"\n')
    target = load_target("./own.toml", tmp_path)
    toolchain = load_toolchain(target, None, path=PATH, unpack_into=tmp_path, make_in=tmp_path / "toolchain")
    (tmp_path / "made").mkdir()
    (tmp_path / "made/main.c").write_text(C)
    make(toolchain, "gcc", tmp_path / "made", "main.c", "-o", "program", "-pthread", "-lm", "-ldl")
    assert run(toolchain, tmp_path / "made", target) == "1 7 8 0 1 yes 24\ndestroyed\n"


def test_exceptions_of_cxx_pass_between_libraries(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "library.cpp").write_text(LIBRARY)
    (tmp_path / "main.cpp").write_text(CXX)
    make(toolchain, "gcc", tmp_path, "-shared", "-fPIC", "library.cpp", "-o", "liblibrary.so", "-lstdc++")
    make(toolchain, "g++", tmp_path, "main.cpp", "-o", "program", "-L.", "-llibrary", "-pthread", "-Wl,-rpath,$ORIGIN")
    assert run(toolchain, tmp_path) == "made number 1 1 gone\n"


def test_gccs_libraries_may_be_asked_for_as_archives(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "library.cpp").write_text(LIBRARY)
    (tmp_path / "main.cpp").write_text(CXX)
    static = ("-static-libstdc++", "-static-libgcc", "-pthread")
    make(toolchain, "g++", tmp_path, "main.cpp", "library.cpp", "-o", "program", *static)
    assert run(toolchain, tmp_path) == "made number 1 1 gone\n"


def test_fortran_is_part_of_a_shared_library(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "library.f90").write_text(FORTRAN)
    (tmp_path / "main.c").write_text(CALLS_FORTRAN)
    make(toolchain, "gfortran", tmp_path, "-shared", "-fPIC", "library.f90", "-o", "liblibrary.so")
    make(toolchain, "gcc", tmp_path, "main.c", "-o", "program", "-L.", "-llibrary", "-Wl,-rpath,$ORIGIN")
    assert run(toolchain, tmp_path) == "2.5\n"


def test_openmp_comes_along_with_older_versions_of_what_it_needs(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "library.c").write_text(OPENMP)
    (tmp_path / "main.c").write_text(CALLS_OPENMP)
    rpath = "-Wl,--disable-new-dtags,-rpath,$ORIGIN"
    make(toolchain, "gcc", tmp_path, "-fopenmp", "-shared", "-fPIC", "library.c", "-o", "liblibrary.so")
    make(toolchain, "gcc", tmp_path, "main.c", "-o", "program", "-L.", "-llibrary", rpath)
    shutil.copyfile(Path(toolchain.prefix).parents[1] / "usr/lib/libgomp.so.1", tmp_path / "libgomp.so.1")
    assert run(toolchain, tmp_path) == "36"


def test_a_library_that_needs_what_is_not_there_at_all_stays_as_it_is(toolchain: Toolchain, tmp_path: Path) -> None:
    library = tmp_path / "libstdc++.so.6"
    shutil.copyfile(Path(toolchain.libc_folder) / library.name, library)
    before = library.read_bytes()
    assert lower_versions(library, {"arc4random": "", "pthread_create": "GLIBC_2.4"}) == ["arc4random"]
    assert library.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "#include <unistd.h>\nint main(void) { return gettid(); }",  # 2.30
        "#include <sys/random.h>\n#include <stdlib.h>\nint main(void) { return arc4random() != 0; }",  # 2.36
    ],
)
def test_what_the_older_libc_lacks_is_not_there(toolchain: Toolchain, tmp_path: Path, text: str) -> None:
    (tmp_path / "main.c").write_text(text)
    done = compile_with(toolchain, "gcc", tmp_path, "-D_GNU_SOURCE", "main.c", "-o", "program")
    assert done.returncode != 0 and "undefined reference" in done.stderr


# Without math.h, whose macros declare several functions at once.
HEADERS = (
    *("dirent.h", "dlfcn.h", "fcntl.h", "malloc.h", "netdb.h", "poll.h", "pthread.h", "search.h"),
    *("semaphore.h", "signal.h", "spawn.h", "stdio.h", "stdlib.h", "string.h", "sys/auxv.h", "sys/epoll.h"),
    *("sys/ioctl.h", "sys/mman.h", "sys/mount.h", "sys/socket.h", "sys/stat.h", "sys/syscall.h", "sys/uio.h"),
    *("sys/wait.h", "termios.h", "time.h", "uchar.h", "unistd.h", "wchar.h"),
)


def test_no_header_declares_a_function_that_came_later(tmp_path: Path) -> None:
    """CPython's configure asks the compiler alone, and not the linker, for memfd_create and others."""
    oldest = Libc("glibc", "2.17")
    target = replace(load_target("armv7l", Path("/")), libc=oldest, libc_baseline=oldest)
    made = load_toolchain(target, None, path=PATH, unpack_into=tmp_path, make_in=tmp_path / "made")
    libraries = [Path(made.libc_folder) / soname for soname in LIBRARIES.values()]
    came = first_versions([versioned_symbols(library) for library in libraries if library.is_file()])
    later = sorted(name for name, version in came.items() if is_newer(version, "2.17") and name[0] != "_")
    later = [name for name in later if name not in NONSHARED["sources/stat.c"] + NONSHARED["sources/fcntl64.c"]]
    uses = "".join(f"void *use_{name} = (void *){name};\n" for name in later)
    (tmp_path / "uses.c").write_text("".join(f"#include <{header}>\n" for header in HEADERS) + uses)
    done = compile_with(made, "gcc", tmp_path, "-D_GNU_SOURCE", "-fsyntax-only", "uses.c")
    missing = re.findall(r"error: .(\w+). undeclared", done.stderr)
    assert "memfd_create" in missing and set(later) - set(missing) == set()


def test_time_of_64_bits_that_the_older_libc_lacks_is_not_chosen(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("#include <time.h>\nint main(void) { return sizeof(time_t) != 4 || !time(0); }\n")
    make(toolchain, "gcc", tmp_path, "-w", "-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64", "main.c", "-o", "program")
    assert run(toolchain, tmp_path) == ""


# As GCC's own libraries call what their libc has: Debian 13's libstdc++ and libgfortran do.
WITH_64_BIT_TIME = """\
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **words) {
    struct stat status, same, linked;
    struct timespec now, pause = {0, 1000};
    struct timespec times[2] = {{1000000000, 0}, {1234567890, 500000000}}, late[2] = {{1LL << 32}};
    struct timeval day;
    struct rusage used;
    struct tm broken;
    time_t point = 1234567890, beyond = (time_t)1 << 32;
    int file = open(words[0], O_RDONLY), waiting, window[2];
    if (sizeof(time_t) != 8 || file < 0) return 1;
    if (fcntl(file, F_GETFD) < 0 || ioctl(file, FIONREAD, &waiting)) return 2;
    if (clock_gettime(CLOCK_REALTIME, &now) || gettimeofday(&day, 0) || nanosleep(&pause, &pause)) return 3;
    if (time(0) - now.tv_sec > 60 || day.tv_sec - now.tv_sec > 60 || now.tv_sec < 1700000000) return 4;
    close(creat("times", 0600));
    if (utimensat(AT_FDCWD, "times", times, 0) || stat("times", &status) || fstat(file, &same)) return 5;
    if (utimensat(AT_FDCWD, "times", late, 0) == 0 || gmtime_r(&beyond, &broken)) return 6;
    symlink("times", "link");
    if (lstat("link", &linked) || !S_ISLNK(linked.st_mode) || same.st_size < 1000) return 7;
    if (getrusage(RUSAGE_SELF, &used) || used.ru_maxrss < 100 || !localtime_r(&point, &broken)) return 8;
    printf("%lld %lld.%ld %o %d\\n", (long long)status.st_atime, (long long)status.st_mtime, status.st_mtim.tv_nsec,
           status.st_mode & 07777, gmtime_r(&point, &broken)->tm_year + 1900);
    return 0;
}
"""


@pytest.mark.parametrize("driver", ["g++", "gfortran"])
def test_libraries_of_the_compiler_may_call_functions_of_64_bit_time(
    toolchain: Toolchain, tmp_path: Path, driver: str
) -> None:
    (tmp_path / "main.c").write_text(WITH_64_BIT_TIME)
    compiler = shutil.which("arm-linux-gnueabihf-gcc") or ""
    subprocess.run([compiler, *TARGET.cflags, *MACROS, "-c", "main.c"], cwd=tmp_path, check=True)
    libraries = {"g++": ["-lstdc++"], "gfortran": ["-lgfortran"]}[driver]
    make(toolchain, driver, tmp_path, "main.o", "-o", "program", *libraries)
    assert run(toolchain, tmp_path) == "1000000000 1234567890.500000000 600 2009\n"


def test_a_glibc_that_libstdcxx_cannot_do_without_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a newer libstdc++, for which we have no source of a function."""
    archives, sources = gcc_libraries._ARCHIVES["stdc++"]
    fewer = tuple(source for source in sources if source != "sources/random.c")
    monkeypatch.setitem(gcc_libraries._ARCHIVES, "stdc++", (archives, fewer))
    with pytest.raises(ToolchainError, match=r"its libstdc\+\+ cannot be linked for glibc 2.28") as caught:
        load_toolchain(TARGET, None, path=PATH, unpack_into=tmp_path, make_in=tmp_path / "made")
    assert caught.value.evidence == ("arc4random is missing, for random.o",)


@pytest.mark.parametrize(("name", "version", "began"), [("riscv64", "2.26", "2.27"), ("rv1126", "2.16", "2.17")])
def test_a_glibc_that_the_machine_never_had_is_refused(tmp_path: Path, name: str, version: str, began: str) -> None:
    target = replace(load_target(name, Path("/")), libc=Libc("glibc", version))
    with pytest.raises(ToolchainError, match=f"too old for {target.machine}") as caught:
        load_toolchain(target, None, path=PATH, unpack_into=tmp_path, make_in=tmp_path)
    assert caught.value.expected == f"libc='glibc {began}' or newer"
