"""cargo for the board: its variables, where crates come from, and how they are fetched."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.targets import load_target
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.rust import Rust, RustSearch
from crosspython.wheels.building.cargo import Cargo, cpu_flags, is_rust
from crosspython.wheels.building.crates import Crates, find_manifests, sources_of_crates
from crosspython.wheels.building.front_end import fetch_crates
from crosspython.wheels.model import LockedCrates, LockedPackage, Override, WheelOrder
from crosspython.wheels.project_files import ProjectFiles
from packaging.requirements import Requirement

from tests.target.workshop import open_workshop
from tests.unit.test_build_environment import make_kit

RV1126 = load_target("rv1126", Path())
# It keeps what it was called with, and fails where a file says so.
CARGO = """\
#!/bin/sh
here={folder}
echo "$*" >> "$here/calls"
env > "$here/environment"
if test -e "$here/absent"; then
    while read name version; do  # one that is not to be updated is complained of
        case " $* " in *" $name@$version "*) continue ;; esac
        echo "error: failed to select a version for the requirement \\`$name = \"^0.13.3\"\\` (locked to $version)"
        exit 101
    done < "$here/absent"
    rm "$here/absent"
fi
case $* in
    *--locked*) test ! -e "$here/unlocked" ;;
    *) test ! -e "$here/broken" && echo "# resolved" > "$(dirname "$3")/Cargo.lock" ;;
esac
"""


def make_cargo(folder: Path, triple: str = "armv7-unknown-linux-gnueabihf", libc: str = "glibc") -> Cargo:
    program = folder / "cargo"
    program.write_text(CARGO.format(folder=f"'{folder}'"))
    program.chmod(0o755)
    rust = Rust(folder / "rustc", program, triple, libc, "x86_64-unknown-linux-gnu", "rustc 1.96.0")
    return Cargo(Crates(rust, folder / "crates"), RV1126, folder / "lib/python3.13", "3.13", 64)


def fetch(cargo: Cargo, source: Path, **environment: str) -> tuple[str, ...]:
    with Log(source / "log") as log:
        return cargo.crates.fetch(source, "/usr/bin:/bin", environment, log)


def test_target_and_build_machine_have_their_own_compilers(tmp_path: Path) -> None:
    found = make_cargo(tmp_path).environment(tmp_path / "work", {})
    assert found["CARGO_BUILD_TARGET"] == "armv7-unknown-linux-gnueabihf"
    assert found["CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"] == "arm-linux-gnueabihf-gcc"
    assert found["CC_armv7_unknown_linux_gnueabihf"] == "arm-linux-gnueabihf-gcc"
    native = f"{build_triplet()}-gcc"
    assert (found["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"], found["HOST_CC"]) == (native, native)


def test_no_path_of_the_build_machine_lands_in_products(tmp_path: Path) -> None:
    flags = make_cargo(tmp_path).environment(tmp_path / "work", {})[
        "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUSTFLAGS"
    ]
    assert f"--remap-path-prefix={tmp_path / 'work'}=/usr/src" in flags.split()
    assert f"--remap-path-prefix={tmp_path / 'crates'}=/usr/src/cargo" in flags.split()


def test_cargo_takes_its_jobs_from_the_pool(tmp_path: Path) -> None:
    jobs = {"MAKEFLAGS": " -j2 --jobserver-auth=fifo:/tmp/jobs"}
    assert make_cargo(tmp_path).environment(tmp_path, jobs)["CARGO_MAKEFLAGS"] == jobs["MAKEFLAGS"]


def test_an_extension_for_musl_is_not_linked_statically(tmp_path: Path) -> None:
    found = make_cargo(tmp_path, "armv7-unknown-linux-musleabihf", "musl").environment(tmp_path, {})
    assert "-Ctarget-feature=-crt-static" in found["CARGO_TARGET_ARMV7_UNKNOWN_LINUX_MUSLEABIHF_RUSTFLAGS"].split()


@pytest.mark.parametrize(
    ("cflags", "flags"),
    [
        (RV1126.cflags, ("-Ctarget-cpu=cortex-a7", "-Ctarget-feature=+neon,+vfp4")),
        (("-march=armv7-a", "-mfpu=vfpv3-d16", "-mfloat-abi=hard"), ()),
        (("-mcpu=cortex-a72+crypto",), ("-Ctarget-cpu=cortex-a72",)),
    ],
)
def test_the_cpu_is_named_in_rustcs_words(cflags: tuple[str, ...], flags: tuple[str, ...]) -> None:
    assert cpu_flags(cflags) == flags


def test_crates_come_from_where_the_users_cargo_gets_them(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "ours"\n[source."ours"]\nregistry = "sparse+https://crates.invalid/é/"\n'
        '[net]\nretry = 3\ngit-fetch-with-cli = true\n[build]\ntarget = "wasm32"\n[http]\nproxy = "p:80"\n'
    )
    assert tomllib.loads(sources_of_crates({"CARGO_HOME": str(tmp_path)})) == {
        "source": {"crates-io": {"replace-with": "ours"}, "ours": {"registry": "sparse+https://crates.invalid/é/"}},
        "net": {"retry": 3, "git-fetch-with-cli": True},
        "http": {"proxy": "p:80"},
    }


def test_without_a_configuration_nothing_is_said(tmp_path: Path) -> None:
    assert sources_of_crates({"HOME": str(tmp_path)}) == ""


def test_a_configuration_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text("[source\n")
    with pytest.raises(ConfigurationError, match=r"\.cargo/config\.toml"):
        sources_of_crates({"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (("Cargo.toml", "Cargo.lock", "crates/one/Cargo.toml"), ("Cargo.toml",)),
        (("src/rust/Cargo.toml", "src/Cargo.toml"), ("src/Cargo.toml",)),
        (("Cargo.toml", "bindings/Cargo.toml", "bindings/Cargo.lock"), ("Cargo.toml", "bindings/Cargo.toml")),
        (
            ("Cargo.toml", "vendor/x/Cargo.toml", "vendor/x/Cargo.lock", "vendor/x/.cargo-checksum.json"),
            ("Cargo.toml",),
        ),
        (("rust/Cargo.toml", "vendor/x/Cargo.toml", "vendor/x/.cargo-checksum.json"), ("rust/Cargo.toml",)),
    ],
    ids=["workspace", "no lock file", "a workspace within", "vendored within", "vendored beside"],
)
def test_crates_are_fetched_for_what_a_build_may_need(
    tmp_path: Path, files: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find_manifests(tmp_path) == tuple(tmp_path / name for name in wanted)


@pytest.mark.parametrize("requirement", ["maturin>=1,<2", "Setuptools_Rust"])
def test_a_backend_for_rust_tells_that_a_package_is(tmp_path: Path, requirement: str) -> None:
    assert is_rust(tmp_path, [Requirement("wheel"), Requirement(requirement)])


def test_other_packages_are_not(tmp_path: Path) -> None:
    assert not is_rust(tmp_path, [Requirement("setuptools>=61"), Requirement("cffi")])


def test_a_fetch_goes_by_the_lock_file_and_sees_only_what_says_where_the_network_is(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    fetch(cargo, source, https_proxy="http://p", CARGO_HTTP_CAINFO="/ca", RUSTFLAGS="-Cx", CARGO_BUILD_TARGET="wasm")
    assert (tmp_path / "calls").read_text() == f"fetch --manifest-path {source}/Cargo.toml --locked\n"
    seen = (tmp_path / "environment").read_text()
    assert f"CARGO_HOME={tmp_path}/crates\n" in seen
    assert "https_proxy=http://p\n" in seen
    assert "CARGO_HTTP_CAINFO=/ca\n" in seen
    assert "RUSTFLAGS" not in seen
    assert "wasm" not in seen


def test_offline_the_network_is_not_asked(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    fetch(replace(cargo, crates=replace(cargo.crates, offline=True)), source)
    assert "--offline" in (tmp_path / "calls").read_text().split()


def test_a_lock_file_out_of_step_is_no_obstacle(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    (tmp_path / "unlocked").touch()
    (remark,) = fetch(cargo, source)
    assert "Cargo.lock" in remark
    assert (tmp_path / "calls").read_text().splitlines()[-1] == f"fetch --manifest-path {source}/Cargo.toml"


@pytest.mark.parametrize("own", [None, "# of another state\n"], ids=["none", "one that does not match"])
def test_what_a_package_does_not_lock_is_locked(tmp_path: Path, own: str | None) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    for place in ("Cargo.toml", "rust/Cargo.toml", "docs/Cargo.lock"):
        (source / place).parent.mkdir(parents=True, exist_ok=True)
        (source / place).touch()
    if own is not None:
        (source / "Cargo.lock").write_text(own)
    (tmp_path / "unlocked").touch()
    with Log(source / "log") as log:
        assert cargo.crates.lock(source, "/usr/bin:/bin", {}, log) == {"Cargo.lock": "# resolved\n"}


def test_a_lock_file_that_matches_is_not_locked_again(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    (source / "Cargo.lock").write_text("# its own\n")
    with Log(source / "log") as log:
        assert cargo.crates.lock(source, "/usr/bin:/bin", {}, log) == {}


def test_crates_that_only_the_lock_file_knows_are_replaced_alone(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    (tmp_path / "absent").write_text("target-lexicon 0.13.6\nwebpki-roots 1.0.12\n")
    (remark,) = fetch(cargo, source)
    missing = "target-lexicon 0.13.6, no webpki-roots 1.0.12"
    assert remark == f"the registry has no {missing}, which its Cargo.lock names: other versions were used"
    updates = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("update")]
    assert updates == [
        f"update --manifest-path {source}/Cargo.toml target-lexicon@0.13.6",
        f"update --manifest-path {source}/Cargo.toml target-lexicon@0.13.6 webpki-roots@1.0.12",
    ]


def test_crates_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "source"
    source.mkdir()
    (source / "Cargo.toml").touch()
    for name in ("unlocked", "broken"):
        (tmp_path / name).touch()
    with pytest.raises(StepError, match="its crates cannot be fetched"):
        fetch(cargo, source)


@pytest.mark.parametrize(
    ("libc", "bits", "machine", "told"),
    [
        ("glibc", 64, "rv1126", {"RUST_LIBC_UNSTABLE_GNU_TIME_BITS": "64"}),
        ("musl", 64, "rv1126", {"RUST_LIBC_UNSTABLE_MUSL_V1_2_3": "1"}),
        ("glibc", 32, "rv1126", {}),
        ("glibc", 64, "aarch64", {}),
    ],
)
def test_rusts_libc_has_the_time_of_the_c_libraries(
    tmp_path: Path, libc: str, bits: int, machine: str, told: dict[str, str]
) -> None:
    cargo = replace(make_cargo(tmp_path, libc=libc), time_bits=bits, target=load_target(machine, Path()))
    found = cargo.environment(tmp_path, {})
    assert {name: value for name, value in found.items() if name.startswith("RUST_LIBC")} == told


def test_crates_are_fetched_without_a_build_as_one_will_want_them(tmp_path: Path) -> None:
    cargo, source = make_cargo(tmp_path), tmp_path / "project"
    source.mkdir()
    (source / "Cargo.toml").touch()
    (source / "pyproject.toml").write_text('[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n')
    search = RustSearch(None, {}, tmp_path, cargo.home, _found={RV1126.name: cargo.rust})
    order = WheelOrder(
        LockedPackage("toy", "1.0"), Override("toy"), ProjectFiles("toy", source), {}, {}, tmp_path / "toy.whl"
    )
    order = replace(order, crates=LockedCrates("toy", "", "rustc 1.96.0", {"Cargo.lock": "# ours\n"}))
    (source / "Cargo.lock").write_text("# its own\n")
    (tmp_path / "cargo").write_text(f'{CARGO.format(folder=f"{tmp_path}")}cat Cargo.lock >> "$here/seen"\n')
    workshop = open_workshop(tmp_path)
    fetch_crates(order, replace(make_kit(tmp_path), rust=search, offline=True), workshop)
    assert (tmp_path / "seen").read_text() == "# ours\n"
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith(f"fetch --manifest-path {workshop.work}/wheels/toy-1.0/source")
    assert call.endswith("--offline --locked")
    assert not (workshop.work / "wheels/toy-1.0").exists()
