"""SDKs: never edited in place, unpacked once, relocated in our own copy."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError, HostToolError, ToolchainError
from crosspython.toolchain.sdk import is_spoilt, open_sdk

PATH = os.environ["PATH"]
RELOCATE = """\
#!/bin/sh
cd "$(dirname "$0")"
echo x >> relocations
pwd > share/buildroot/sdk-location
"""


def make_sdk(folder: Path, *, script: str = RELOCATE, location: str = "/home/vendor/host") -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "tool").write_text("x")
    (folder / "share/buildroot").mkdir(parents=True)
    (folder / "share/buildroot/sdk-location").write_text(location + "\n")
    (folder / "relocate-sdk.sh").write_text(script)
    return folder


def pack(sdk: Path, archive: Path) -> Path:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(sdk, arcname="vendor-sdk")
    return archive


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


def test_a_folder_without_a_script_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "sdk").mkdir()
    assert open_sdk(tmp_path / "sdk", tmp_path / "into", path=PATH) == tmp_path / "sdk"
    assert not (tmp_path / "into").exists()


def test_a_folder_that_was_relocated_is_used_as_it_is(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", location=str(tmp_path / "sdk"))
    assert open_sdk(sdk, tmp_path / "into", path=PATH) == sdk


def test_a_folder_made_for_another_place_is_copied_and_left_alone(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    before = snapshot(sdk)
    opened = open_sdk(sdk, tmp_path / "into", path=PATH)
    assert opened.parent == tmp_path / "into"
    assert (opened / "share/buildroot/sdk-location").read_text().strip() == str(opened)
    assert snapshot(sdk) == before


def test_an_archive_is_unpacked_and_relocated(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    opened = open_sdk(archive, tmp_path / "int o ü", path=PATH)
    assert (opened / "bin" / "tool").read_text() == "x"
    assert (opened / "share/buildroot/sdk-location").read_text().strip() == str(opened)


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    first = open_sdk(archive, tmp_path / "into", path=PATH)
    assert open_sdk(archive, tmp_path / "into", path=PATH) == first
    assert (first / "relocations").read_text() == "x\n"


def test_the_same_archive_by_another_name_and_time_is_not_unpacked_again(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    first = open_sdk(archive, tmp_path / "into", path=PATH)
    os.utime(archive, (1, 1))
    assert open_sdk(archive, tmp_path / "into", path=PATH) == first
    assert (first / "relocations").read_text() == "x\n"


def test_another_archive_in_the_same_place_is_unpacked(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    first = open_sdk(pack(sdk, tmp_path / "sdk.tar.gz"), tmp_path / "into", path=PATH)
    (sdk / "bin" / "tool").write_text("y")
    second = open_sdk(pack(sdk, tmp_path / "sdk.tar.gz"), tmp_path / "into", path=PATH)
    assert first != second
    assert (second / "bin" / "tool").read_text() == "y"


def test_what_an_interrupted_run_left_is_not_taken_for_whole(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    opened = open_sdk(archive, tmp_path / "into", path=PATH)
    (opened / "bin" / "tool").unlink()
    next((tmp_path / "into").glob("*.json")).unlink()  # the marker is written last
    assert (open_sdk(archive, tmp_path / "into", path=PATH) / "bin" / "tool").exists()


def test_a_damaged_marker_is_not_believed(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    open_sdk(archive, tmp_path / "into", path=PATH)
    next((tmp_path / "into").glob("*.json")).write_text('{"place": ')
    assert (open_sdk(archive, tmp_path / "into", path=PATH) / "bin" / "tool").exists()


def test_a_copy_that_somebody_changed_is_made_anew(tmp_path: Path) -> None:
    archive, into = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz"), tmp_path / "into"
    assert not is_spoilt(into)
    tool = open_sdk(archive, into, path=PATH) / "bin/tool"
    assert not is_spoilt(into)
    tool.write_text("y")
    assert is_spoilt(into)
    open_sdk(archive, into, path=PATH)
    assert tool.read_text() == "x"
    assert not is_spoilt(into)
    tool.unlink()
    assert is_spoilt(into)


def test_a_build_folder_that_was_moved_is_relocated_anew(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    open_sdk(archive, tmp_path / "into", path=PATH)
    (tmp_path / "into").rename(tmp_path / "moved")
    opened = open_sdk(archive, tmp_path / "moved", path=PATH)
    assert (opened / "share/buildroot/sdk-location").read_text().strip() == str(opened)


def test_a_script_that_fails_is_told_with_its_last_lines(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", script="#!/bin/sh\necho first\necho no room >&2\nexit 3\n")
    with pytest.raises(ToolchainError) as caught:
        open_sdk(sdk, tmp_path / "into", path=PATH)
    assert caught.value.evidence[-1] == "no room"
    assert "exit status 3" in str(caught.value)


def test_a_script_that_failed_runs_again_next_time(tmp_path: Path) -> None:
    script = RELOCATE.replace("echo x", f"[ -e {tmp_path}/room ] || exit 1; echo x")
    sdk = make_sdk(tmp_path / "sdk", script=script)
    with pytest.raises(ToolchainError):
        open_sdk(sdk, tmp_path / "into", path=PATH)
    (tmp_path / "room").touch()
    assert (open_sdk(sdk, tmp_path / "into", path=PATH) / "relocations").exists()


def test_a_script_that_does_nothing_is_told(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", script="#!/bin/sh\n")
    with pytest.raises(ToolchainError, match="did not move the SDK"):
        open_sdk(sdk, tmp_path / "into", path=PATH)


def test_a_script_that_calls_file_needs_file(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", script="#!/bin/sh\nfile -b x\n")
    (tmp_path / "path").mkdir()
    with pytest.raises(HostToolError, match="lacks programs: file"):
        open_sdk(sdk, tmp_path / "into", path=str(tmp_path / "path"))


def test_a_truncated_archive_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    archive = pack(make_sdk(tmp_path / "sdk"), tmp_path / "sdk.tar.gz")
    archive.write_bytes(archive.read_bytes()[:200])
    for _ in range(2):
        with pytest.raises(ArchiveError):
            open_sdk(archive, tmp_path / "into", path=PATH)


# Root may write anywhere, so this is done as a user who may not.
NOBODY = 65534


def open_as_a_user(sdk: Path, into: Path) -> Path:
    """open_sdk in a separate process, as a user who is not root."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(writing, str(open_sdk(sdk, into, path=PATH)).encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return Path(answer.read())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may look into, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="crosspython-test-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=True)


def test_a_read_only_sdk_is_copied_and_relocated_by_a_user(open_folder: Path) -> None:
    sdk, into = make_sdk(open_folder / "sdk"), open_folder / "into"
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(sdk)], check=True)
    first = open_as_a_user(sdk, into)
    assert (first / "share/buildroot/sdk-location").read_text().strip() == str(first)
    assert open_as_a_user(sdk, into) == first
    assert (first / "relocations").read_text() == "x\n"


def test_what_an_interrupted_copy_of_a_read_only_sdk_left_is_in_nobodys_way(open_folder: Path) -> None:
    sdk, into = make_sdk(open_folder / "sdk"), open_folder / "into"
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(sdk)], check=True)
    first = open_as_a_user(sdk, into)
    next(into.glob("*.json")).unlink()
    for left in (first, first.with_name(first.name + ".part")):
        if not left.exists():
            subprocess.run(["cp", "-a", "-T", str(sdk), str(left)], check=True)
        subprocess.run(["chmod", "-R", "a-w", str(left)], check=True)
        subprocess.run(["chown", "-R", str(NOBODY if os.geteuid() == 0 else os.geteuid()), str(left)], check=True)
    assert open_as_a_user(sdk, into) == first
    assert (first / "relocations").read_text() == "x\n"


def test_what_no_compiler_needs_of_an_archive_is_left_out_with_a_remark(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    archive = tmp_path / "sdk.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(sdk, arcname="sdk")
        for name, kind, target in (
            ("dev/null", tarfile.CHRTYPE, ""),
            ("dev/sda", tarfile.BLKTYPE, ""),
            ("run/pipe", tarfile.FIFOTYPE, ""),
            ("etc/out", tarfile.SYMTYPE, "../../../etc/passwd"),
            ("etc/hard", tarfile.LNKTYPE, "../../etc/passwd"),
            ("bin/other", tarfile.SYMTYPE, "tool"),
        ):
            info = tarfile.TarInfo(f"sdk/{name}")
            info.type, info.linkname = kind, target
            tar.addfile(info)
    remarks: list[str] = []
    opened = open_sdk(archive, tmp_path / "into", path=PATH, remark=remarks.append)
    assert (opened / "bin" / "other").read_text() == "x"
    assert sorted(path.name for path in opened.rglob("*") if path.parent.name in ("dev", "run", "etc")) == []
    assert len(remarks) == 1
    assert (
        "sdk.tar.gz: these files were left out" in remarks[0]
        and "dev/null" in remarks[0]
        and "and 2 more" in remarks[0]
    )


def test_a_winding_link_that_leaves_is_left_out_too(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk")
    (sdk / "a" / "b").mkdir(parents=True)
    (sdk / "a" / "down").symlink_to("b/../../../..")
    remarks: list[str] = []
    opened = open_sdk(pack(sdk, tmp_path / "sdk.tar.gz"), tmp_path / "into", path=PATH, remark=remarks.append)
    assert not os.path.lexists(opened / "a" / "down")
    assert "is a link that leaves the folder" in remarks[0]


def test_a_file_that_leaves_is_refused_as_ever(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "sdk.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("sdk/../../out"))
    with pytest.raises(ArchiveError, match="refused to unpack"):
        open_sdk(tmp_path / "sdk.tar", tmp_path / "into", path=PATH)
