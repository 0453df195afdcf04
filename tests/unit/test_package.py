"""Which package a file came with, asked of package managers of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.toolchain.package import find_package

DPKG = """\
#!/bin/sh
case "$*" in
"-S {file}") echo "libc6-armhf-cross:all: {file}" ;;
"-W -f"*" libc6-armhf-cross:all")
    echo "libc6-armhf-cross 2.36-8cross1"
    echo "cross-toolchain-base (= 66), gcc-12 (= 12.2.0-14), glibc (= 2.36-8), " ;;
*) exit 1 ;;
esac
"""
RPM = """\
#!/bin/sh
test "$4" = {file} && printf 'glibc-arm-linux-gnu 2.40-1.fc41\\nglibc-2.40-1.fc41.src.rpm\\n'
"""


def put_program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library that is asked for through a link."""
    (tmp_path / "libc.so.6").write_text("")
    (tmp_path / "link").symlink_to("libc.so.6")
    return tmp_path / "libc.so.6"


def test_dpkg_tells_the_sources_that_went_into_a_package(tmp_path: Path, library: Path) -> None:
    put_program(tmp_path / "bin/dpkg-query", DPKG.format(file=library))
    for file in (library, tmp_path / "link", tmp_path / "bin/../libc.so.6"):
        package = find_package(file, str(tmp_path / "bin"))
        assert package is not None and package.title == "libc6-armhf-cross 2.36-8cross1"
        assert package.sources == ("cross-toolchain-base 66", "gcc-12 12.2.0-14", "glibc 2.36-8")


def test_rpm_tells_the_source_package(tmp_path: Path, library: Path) -> None:
    put_program(tmp_path / "bin/rpm", RPM.format(file=library))
    package = find_package(library, str(tmp_path / "bin"))
    assert package is not None and package.title == "glibc-arm-linux-gnu 2.40-1.fc41"
    assert package.sources == ("glibc-2.40-1.fc41.src.rpm",)


def test_an_sdks_file_has_no_package(tmp_path: Path, library: Path) -> None:
    assert find_package(library, str(tmp_path / "bin")) is None, "no package manager"
    put_program(tmp_path / "bin/dpkg-query", "#!/bin/sh\nexit 1\n")
    put_program(tmp_path / "bin/rpm", '#!/bin/sh\necho "file is not owned by any package"; exit 1\n')
    assert find_package(library, str(tmp_path / "bin")) is None
