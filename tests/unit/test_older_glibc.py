"""Stub libraries and headers for an older glibc, made from a newer one's."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.elf.symbols import VersionedSymbol
from crosspython.toolchain.older_glibc.headers import make_config, make_headers
from crosspython.toolchain.older_glibc.stubs import first_versions, older_symbols, write_stub


def symbol(name: str, version: str, *, hidden: bool = False) -> VersionedSymbol:
    return VersionedSymbol(name, f"GLIBC_{version}", is_hidden=hidden)


LIBC = [
    symbol("strlen", "2.4"),
    symbol("gettid", "2.30"),
    symbol("memcpy", "2.4", hidden=True),
    symbol("memcpy", "2.14"),
    symbol("pthread_create", "2.4", hidden=True),
    symbol("pthread_create", "2.34"),
    symbol("dlopen", "2.4", hidden=True),
    symbol("dlopen", "2.34"),
    symbol("__libc_start_main", "2.4", hidden=True),
    symbol("__libc_start_main", "2.34"),
    symbol("xdr_bool", "2.4", hidden=True),
    symbol("__xstat", "2.4", hidden=True),
    VersionedSymbol("__libc_early_init", "GLIBC_PRIVATE"),
]


def offered(version: str) -> dict[str, dict[str, str]]:
    """The symbols of each library of an older glibc: names with their versions."""
    found = older_symbols({"libc.so.6": LIBC}, version)
    return {soname: {each.name: each.version for each in symbols} for soname, symbols in found.items()}


def test_an_older_glibc_offers_what_it_had_where_it_had_it() -> None:
    libc = {"strlen": "2.4", "memcpy": "2.14", "__libc_start_main": "2.4", "__xstat": "2.4"}
    assert offered("2.28") == {
        "libc.so.6": {name: f"GLIBC_{version}" for name, version in libc.items()},
        "libpthread.so.0": {"pthread_create": "GLIBC_2.4"},
        "libdl.so.2": {"dlopen": "GLIBC_2.4"},
    }


def test_since_2_34_threads_are_part_of_libc() -> None:
    assert list(offered("2.34")) == ["libc.so.6"]
    assert offered("2.34")["libc.so.6"]["pthread_create"] == "GLIBC_2.34"


@pytest.mark.parametrize(("version", "has"), [("2.29", False), ("2.30", True)])
def test_what_came_later_is_not_offered(version: str, has: bool) -> None:
    assert ("gettid" in offered(version)["libc.so.6"]) is has


def test_a_name_is_as_old_as_its_first_version() -> None:
    assert first_versions([LIBC])["pthread_create"] == "GLIBC_2.4"


def test_names_of_one_variable_stay_one_variable(tmp_path: Path) -> None:
    names = [
        VersionedSymbol(name, "GLIBC_2.4", is_variable=True, is_weak=weak, size=4, place=64)
        for name, weak in (("__environ", False), ("environ", True))
    ]
    write_stub(tmp_path, "libc.so.6", [*names, VersionedSymbol("optarg", "GLIBC_2.4", False, True, False, 4, 72)])
    text = (tmp_path / "libc.so.6.s").read_text()
    assert text.count(".skip") == 2
    assert text.index("__environ:") < text.index(".weak environ") < text.index(".skip") < text.index("optarg:")


HEADERS = {
    "features.h": (
        "#define\t__GLIBC_MINOR__\t41\n"
        "#ifdef\t_DYNAMIC_STACK_SIZE_SOURCE\n# define __USE_DYNAMIC_STACK_SIZE\t1\n#endif\n"
        "# define __GLIBC_USE_C23_STRTOL 1\n"
    ),
    "features-time64.h": "#if defined _TIME_BITS\n#endif\n",
    "sys/single_threaded.h": "extern char __libc_single_threaded;\n",
    "linux/version.h": "#define LINUX_VERSION_CODE 1\n",
    "unistd.h": (
        "extern __pid_t getpid (void) __THROW;\n/* The thread. */\nextern __pid_t gettid (void) __THROW;\n"
        "extern int\nepoll_pwait2 (int __a,\n\t      int __b);\n"
        "int memfd_create (const char *__name,\n\t\t  unsigned int __flags) __THROW;\nint pause (void);\n"
        "# ifdef __REDIRECT\nextern int __REDIRECT (wait4, (int __a), __wait4_time64);\n# endif\n"
        "__fortify_function size_t\n__NTH (strlcpy (char *__d, size_t __n))\n{\n  if (__n)\n    return 1;\n}\n"
        "#define KEPT 1\n"
    ),
}
NEWER = frozenset({"gettid", "epoll_pwait2", "memfd_create", "strlcpy", "__wait4_time64", "pthread_cond_clockwait"})


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    for name, text in HEADERS.items():
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(text)
    make_headers(tmp_path / "older", [tmp_path / "own"], "2.28", NEWER)
    return tmp_path / "older"


def test_headers_say_the_older_version_and_choose_nothing_newer(headers: Path) -> None:
    text = (headers / "features.h").read_text()
    assert "__GLIBC_MINOR__ 28" in text and "__GLIBC_USE_C23_STRTOL 0" in text
    assert "__USE_DYNAMIC_STACK_SIZE" not in text
    assert (headers / "features-time64.h").read_text().startswith("#undef _TIME_BITS\n")


def test_functions_that_came_later_are_not_declared(headers: Path) -> None:
    text = (headers / "unistd.h").read_text()
    names = ("getpid", "gettid", "epoll_pwait2", "memfd_create", "pause", "wait4", "strlcpy", "KEPT")
    assert [name for name in names if name in text] == ["getpid", "pause", "KEPT"]


def test_headers_that_came_later_are_not_there(headers: Path) -> None:
    assert not (headers / "sys/single_threaded.h").exists()


def test_headers_without_a_change_are_links(headers: Path) -> None:
    assert (headers / "linux").is_symlink()


def test_of_two_folders_the_first_counts(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "stdio.h").write_text(folder)
    make_headers(tmp_path / "older", [tmp_path / "first", tmp_path / "second"], "2.28", NEWER)
    assert (tmp_path / "older/stdio.h").read_text() == "first"


def test_of_the_build_machines_headers_only_the_libcs_are_taken(tmp_path: Path) -> None:
    for name in ("stdio.h", "zlib.h", "bits/types.h", "python3/Python.h"):
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(name)
    make_headers(tmp_path / "older", [tmp_path / "own"], "2.28", NEWER, only=frozenset(("stdio.h", "bits")))
    found = {path.relative_to(tmp_path / "older").as_posix() for path in (tmp_path / "older").rglob("*.h")}
    assert found == {"stdio.h", "bits/types.h"}


def test_cxx_headers_do_not_use_what_the_older_glibc_lacks(tmp_path: Path) -> None:
    (tmp_path / "own/bits").mkdir(parents=True)
    (tmp_path / "own/bits/c++config.h").write_text(
        "#define _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT 1\n#define _GLIBCXX_HAVE_GETENTROPY 1\n"
    )
    make_config(tmp_path / "older", [tmp_path / "own"], NEWER)
    assert (tmp_path / "older/bits/c++config.h").read_text() == (
        "/* #undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT */\n#define _GLIBCXX_HAVE_GETENTROPY 1\n"
    )
