"""A vendor's SDK, as it was downloaded, builds real components: `scons toolchain=ARCHIVE`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.store.tree import unpack_tree

from tests.conftest import REPOSITORY
from tests.sdk_fixture import DISTRIBUTIONS, MUSL, PREFIX, make_clang, make_musl, make_sdk, pack_sdk

pytestmark = pytest.mark.slow
NAMES = ("zlib-1.3.1", "libffi-3.4.8")


@dataclass(frozen=True)
class Kind:
    """A kind of SDK. told: what the run says about its compiler; libc: the soname of its libc"""

    make: Callable[[Path], Path]
    told: str
    libc: str = "libc.so.6"
    choice: str = "board"


KINDS = {
    "GCC": Kind(make_sdk, f"{PREFIX}-gcc (gcc "),
    "Clang": Kind(make_clang, f"{DISTRIBUTIONS}-gcc (clang "),
    "musl": Kind(
        lambda folder: make_musl(folder, REPOSITORY / "build/board/apt"), f"{MUSL}-gcc (gcc ", "libc.so", "musl"
    ),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def stages(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """zlib and libffi, built with an SDK's archive in a folder with a blank in its name."""
    downloads = tmp_path_factory.mktemp("my SDKs")
    archive = pack_sdk(kind.make(tmp_path_factory.mktemp("vendor") / "sdk"), downloads / "sdk.tar.gz")
    build = tmp_path_factory.mktemp("build")
    stages = build / "rv1126" / "stages"
    words = [f"toolchain={archive}", f"libc={kind.choice}", f"build={build}"]
    command = [sys.executable, "-m", "SCons", "-Q", *words, *(str(stages / f"{name}.tar.zst") for name in NAMES)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert kind.told in run.stdout
    return stages


@pytest.mark.parametrize("name", NAMES)
def test_what_an_sdk_builds_is_for_the_board_and_moves_with_its_prefix(
    kind: Kind, stages: Path, tmp_path: Path, name: str
) -> None:
    unpack_tree(stages / f"{name}.tar.zst", tmp_path)
    libraries = [elf for elf in find_elf_files(tmp_path) if elf.kind == "shared"]
    assert libraries
    assert {(elf.machine, elf.float_abi, elf.rpath) for elf in libraries} == {("EM_ARM", "hard", None)}
    assert {needed for elf in libraries for needed in elf.needed if needed.startswith("libc.")} == {kind.libc}


def test_the_toolchains_description_names_the_sdk_and_no_place_of_this_machine(stages: Path) -> None:
    text = (stages.parent / "toolchain.txt").read_text()
    assert PREFIX in text or MUSL in text or "clang 1" in text
    assert "/" not in text
