"""Rust for a target: its name for the target, where it is searched, and a test of the Rust that was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import SourceError, ToolchainError
from crosspython.store.fetch import Store
from crosspython.targets import load_target
from crosspython.toolchain.rust import Rust, RustSearch, rust_triple
from crosspython.toolchain.rust_packages import release_of_packages

from tests.unit.made_elf import EM_X86_64, make_elf

RV1126 = load_target("rv1126", Path())
TRIPLE = "armv7-unknown-linux-gnueabihf"
RUSTC = """\
#!/bin/sh
here={folder}
case $* in
"--print sysroot") echo "$here" ;;
-vV) printf 'rustc {version} (abc 2026-01-01)\\nbinary: rustc\\nhost: x86_64-unknown-linux-gnu\\n' ;;
*) {first}
while [ $# -gt 0 ]; do case $1 in obj=*) cp "$here/elf" "${{1#obj=}}" ;; esac; shift; done ;;
esac
"""


def make_rust(
    folder: Path, *triples: str, version: str = "1.90.0", first: str = ":", elf: bytes = make_elf(kind=1, flags=0)
) -> Path:
    """A sysroot with the standard library for some triples; `first` is shell code that runs before it compiles."""
    (folder / "bin").mkdir(parents=True)
    (folder / "elf").write_bytes(elf)
    for name in ("rustc", "cargo"):
        (folder / "bin" / name).write_text(RUSTC.format(folder=f"'{folder}'", version=version, first=first))
        (folder / "bin" / name).chmod(0o755)
    for triple in triples:
        (folder / "lib/rustlib" / triple / "lib").mkdir(parents=True)
        (folder / "lib/rustlib" / triple / "lib/libstd-0123.rlib").touch()
    return folder


def find(tmp_path: Path, *, path: str = "/nonexistent", given: Path | None = None, target=RV1126) -> Rust:
    environment = {"PATH": f"{path}:/bin:/usr/bin", "RUSTUP_HOME": str(tmp_path / "rustup")}
    if path == "/nonexistent":
        (tmp_path / "empty").mkdir(exist_ok=True)
        (tmp_path / "empty/rustc").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "empty/rustc").chmod(0o755)
        environment["PATH"] = f"{tmp_path / 'empty'}:/bin:/usr/bin"
    store = Store(tmp_path / "downloads", pools=lambda: (), pause=0.0)
    return RustSearch(given, environment, tmp_path / "machine", tmp_path / "crates").find(target, "glibc", store)


@pytest.mark.parametrize(
    ("machine", "float_abi", "libc", "triple"),
    [
        ("armv7l", "hard", "glibc", "armv7-unknown-linux-gnueabihf"),
        ("armv7l", "soft", "musl", "armv7-unknown-linux-musleabi"),
        ("armv6l", "hard", "glibc", "arm-unknown-linux-gnueabihf"),
        ("armv5tejl", "soft", "glibc", "armv5te-unknown-linux-gnueabi"),
        ("aarch64", None, "musl", "aarch64-unknown-linux-musl"),
        ("riscv64", "hard", "glibc", "riscv64gc-unknown-linux-gnu"),
    ],
)
def test_a_target_has_rusts_name(machine: str, float_abi: str | None, libc: str, triple: str) -> None:
    assert rust_triple(replace(RV1126, machine=machine, float_abi=float_abi), libc) == triple


def test_a_libc_that_rust_does_not_know_is_refused() -> None:
    with pytest.raises(ToolchainError, match="rv1126"):
        rust_triple(RV1126, "uclibc")


def test_the_given_folder_goes_before_all_others(tmp_path: Path) -> None:
    own = make_rust(tmp_path / "own", TRIPLE, version="1.91.0")
    given = make_rust(tmp_path / "given", TRIPLE, version="1.80.0")
    rust = find(tmp_path, path=str(own / "bin"), given=given)
    assert (rust.rustc, rust.version) == (given / "bin/rustc", "rustc 1.80.0 (abc 2026-01-01)")


def test_a_given_folder_without_the_targets_library_is_an_error_that_tells_what_it_has(tmp_path: Path) -> None:
    given = make_rust(tmp_path / "given", "x86_64-unknown-linux-gnu")
    with pytest.raises(ToolchainError) as error:
        find(tmp_path, given=given)
    assert f"for x86_64-unknown-linux-gnu, and not for {TRIPLE}" in str(error.value)
    assert f"rustup target add {TRIPLE}" in str(error.value)


def test_a_given_folder_that_is_no_rust_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"no bin/rustc and no bin/cargo"):
        find(tmp_path, given=tmp_path)


def test_rustc_on_path_goes_before_rustups_others(tmp_path: Path) -> None:
    own = make_rust(tmp_path / "own", TRIPLE)
    make_rust(tmp_path / "rustup/toolchains/stable-x86_64", TRIPLE)
    assert find(tmp_path, path=str(own / "bin")).rustc == own / "bin/rustc"


def test_a_toolchain_of_rustups_is_found_that_is_not_the_default(tmp_path: Path) -> None:
    own = make_rust(tmp_path / "own", "x86_64-unknown-linux-gnu")
    make_rust(tmp_path / "rustup/toolchains/1.80.0-x86_64", TRIPLE)
    stable = make_rust(tmp_path / "rustup/toolchains/stable-x86_64", TRIPLE)
    assert find(tmp_path, path=str(own / "bin")).rustc == stable / "bin/rustc"


def test_without_one_the_distributions_packages_are_wanted(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"Rust: its source could not be fetched"):
        find(tmp_path)


def test_a_target_that_nobody_has_one_for_is_told_all_ways(tmp_path: Path) -> None:
    make_rust(tmp_path / "rustup/toolchains/stable-x86_64", TRIPLE)
    with pytest.raises(ToolchainError) as error:
        find(tmp_path, target=load_target("riscv64", Path()))
    assert "stable-x86_64 has the standard library for armv7" in str(error.value)
    assert "rustup target add riscv64gc-unknown-linux-gnu" in str(error.value)


def test_a_compiler_that_does_not_run_is_told(tmp_path: Path) -> None:
    given = make_rust(tmp_path / "given", TRIPLE)
    (given / "bin/cargo").write_text("#!/bin/sh\necho libgit2.so.1.5 is missing >&2\nexit 127\n")
    with pytest.raises(ToolchainError) as error:
        find(tmp_path, given=given)
    assert "bin/cargo does not run" in str(error.value)
    assert "libgit2.so.1.5 is missing" in str(error.value)


def test_a_library_of_another_build_is_told(tmp_path: Path) -> None:
    given = make_rust(tmp_path / "given", TRIPLE, first="echo 'error[E0514]: found crate std' >&2; exit 1")
    with pytest.raises(ToolchainError, match=r"E0514"):
        find(tmp_path, given=given)


def test_code_for_another_machine_is_refused(tmp_path: Path) -> None:
    given = make_rust(tmp_path / "given", TRIPLE, elf=make_elf(machine=EM_X86_64, bits=64, kind=1, flags=0))
    with pytest.raises(ToolchainError, match=r"makes x86_64 code"):
        find(tmp_path, given=given)


def test_what_will_be_found_is_named_by_its_build_and_not_by_its_place(tmp_path: Path) -> None:
    def describe(home: Path, given: Path | None = None) -> str:
        return RustSearch(given, {"PATH": str(home / "bin"), "HOME": str(home)}, home, home).describe(RV1126)

    here = make_rust(tmp_path / "here/.rustup/toolchains/stable", TRIPLE)
    there = make_rust(tmp_path / "there", TRIPLE)
    assert describe(tmp_path) == f"packages of Rust {release_of_packages()}"
    assert describe(tmp_path / "here") == describe(tmp_path / "there") == describe(tmp_path, given=here)
    (there / "lib/librustc_driver-4567.so").touch()
    assert describe(tmp_path / "there") != describe(tmp_path / "here")


def test_what_has_not_the_targets_library_is_not_what_will_be_found(tmp_path: Path) -> None:
    make_rust(tmp_path / ".rustup/toolchains/stable", "x86_64-unknown-linux-gnu")
    search = RustSearch(None, {"PATH": str(tmp_path), "HOME": str(tmp_path)}, tmp_path, tmp_path)
    assert search.describe(RV1126).startswith("packages of Rust")
