"""Rust for the board: what is found here compiles, and small packages with PyO3 are built and imported
in the emulator."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from crosspython.elf.file import read_elf
from crosspython.run.log import Log
from crosspython.wheels.building.crates import Crates
from crosspython.wheels.model import LockedCrates

from tests.target.test_front_end import Factory, factory  # noqa: F401 -- a fixture
from tests.target.test_rv1126 import built  # noqa: F401 -- a fixture

pytestmark = pytest.mark.slow

CRATE = {
    "Cargo.toml": '[package]\nname = "toy"\nversion = "1.0.0"\nedition = "2021"\n'
    '[lib]\nname = "toy"\npath = "lib.rs"\ncrate-type = ["cdylib"]\n'
    '[dependencies]\npyo3 = "=0.26.0"\n[profile.release]\nopt-level = 1\n',
    "build.rs": 'fn main() { assert!(std::env::var("TARGET").unwrap() != std::env::var("HOST").unwrap()); }\n',
    "lib.rs": "use pyo3::prelude::*;\n#[pymodule]\n"
    "fn toy(module: &Bound<'_, PyModule>) -> PyResult<()> {\n"
    '    module.add("pointer", std::mem::size_of::<usize>())?;\n'
    '    module.add("place", file!())\n}\n',
}
MATURIN = {
    "pyproject.toml": '[build-system]\nrequires = ["maturin>=1.9,<2"]\nbuild-backend = "maturin"\n'
    '[project]\nname = "toy"\nversion = "1.0"\n',
    **CRATE,
}
SETUPTOOLS_RUST = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools", "setuptools-rust"]\n'
    'build-backend = "setuptools.build_meta"\n[project]\nname = "toy"\nversion = "1.0"\n'
    '[tool.setuptools]\npy-modules = []\n[[tool.setuptools-rust.ext-modules]]\ntarget = "toy"\n',
    **CRATE,
}


# maturin puts the module into a package of its name.
@pytest.mark.parametrize(
    ("files", "extension"), [(MATURIN, "toy.toy"), (SETUPTOOLS_RUST, "toy")], ids=["maturin", "setuptools-rust"]
)
def test_both_backends_build_an_extension_for_the_board(
    factory: Factory,  # noqa: F811
    files: Mapping[str, str],
    extension: str,
) -> None:
    report = factory.build(files)
    assert report.filename == "toy-1.0-cp313-cp313-linux_armv7l.whl"
    assert (report.engine, report.extensions) == ("cross", (extension,))
    assert factory.imported() == 4
    (module,) = (factory.folder / "site").rglob("*.so")
    elf = read_elf(module)
    assert elf is not None
    assert (elf.machine, elf.float_abi, elf.rpath) == ("EM_ARM", "hard", None)
    assert str(factory.folder).encode() not in module.read_bytes()


def test_a_package_without_a_lock_file_is_built_offline_of_the_crates_of_our_lock(factory: Factory) -> None:  # noqa: F811
    source, kit = factory.folder / "unlocked", factory.kit
    source.mkdir()
    for name, text in CRATE.items():
        (source / name).write_text(text)
    rust = kit.rust.find(kit.target, kit.toolchain.libc.name, factory.workshop.store)
    with Log(factory.folder / "crates.log") as log:
        locks = Crates(rust, kit.rust.crates).lock(source, factory.workshop.path, kit.rust.environment, log)
    assert list(locks) == ["Cargo.lock"]
    assert 'name = "pyo3"\nversion = "0.26.0"' in locks["Cargo.lock"]
    report = factory.build(MATURIN, crates=LockedCrates("toy", "", "rustc 1.0.0", locks), offline=True)
    assert [remark for remark in report.remarks if "rustc 1.0.0" in remark]
    assert not [remark for remark in report.remarks if "Cargo.lock" in remark]
