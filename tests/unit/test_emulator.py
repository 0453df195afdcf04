"""What the emulator is given to see."""

from __future__ import annotations

from pathlib import Path

from crosspython.toolchain.emulator import link_libraries


def test_of_a_boards_file_system_the_emulator_sees_the_libraries_alone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("usr/lib/arm-linux-gnueabihf/libc.so.6", "dev/null", "tmp/other", "usr/bin/env"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "lib").symlink_to("usr/lib")
    for _ in range(2):
        seen = link_libraries(root, tmp_path / "seen")
        assert sorted(path.relative_to(seen).as_posix() for path in seen.glob("*")) == ["lib", "usr"]
        assert [path.name for path in (seen / "usr").glob("*")] == ["lib"]
        assert (seen / "lib/arm-linux-gnueabihf/libc.so.6").is_file()
