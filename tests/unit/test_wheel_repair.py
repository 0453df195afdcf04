"""From what a backend made to a wheel for the board: names, tags and texts; libraries need a real compiler."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from crosspython.errors import AuditError
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.repairing.repair import finish_wheel, of_same_length, take_ready

from tests.unit.made_elf import ARM_SOFT, EM_X86_64, make_elf
from tests.unit.made_wheel import make_repair, make_wheel, member_names, read_member
from tests.unit.test_build_environment import make_kit

MODULE = "toy/_speed.cpython-313-arm-linux-gnueabihf.so"


def extension(name: str = "_speed", **options: object) -> bytes:
    return make_elf(needed=["libc.so.6"], tail=f"\0PyInit_{name}\0".encode(), **options)  # type: ignore[arg-type]


def test_name_tags_and_record_are_corrected_together(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_arm.whl", {MODULE: extension()})
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path, engine="cross"))
    assert report.filename == "toy-1.0-cp313-cp313-linux_armv7l.whl" and report.engine == "cross"
    assert "Tag: cp313-cp313-linux_armv7l\n" in read_member(tmp_path / "product", "toy-1.0.dist-info/WHEEL")
    assert report.remarks == ("the backend gave it the tags cp313-cp313-linux_arm, which were corrected",)
    (tmp_path / report.filename).write_bytes((tmp_path / "product").read_bytes())
    again = take_ready(tmp_path / report.filename, report.filename, tmp_path / "again", make_repair(tmp_path))
    assert again.tags == ("cp313-cp313-linux_armv7l",)


def test_extensions_are_reported_by_dotted_name(tmp_path: Path) -> None:
    files = {MODULE: extension(), "_top.abi3.so": extension("_top"), "toy/sub/__init__.so": extension("sub")}
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_armv7l.whl", files)
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert report.extensions == ("_top", "toy._speed", "toy.sub")


def test_a_pure_wheel_forced_to_a_platform_becomes_pure(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-linux_armv7l.whl", {"toy.py": ""})
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert report.filename == "toy-1.0-py3-none-any.whl"
    assert "Root-Is-Purelib: true\n" in read_member(tmp_path / "product", "toy-1.0.dist-info/WHEEL")


def test_bytecode_is_left_out(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": "", "__pycache__/toy.cpython-313.pyc": b"\0"})
    finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert not any(name.endswith(".pyc") for name in member_names(tmp_path / "product"))


def test_folders_of_the_build_machine_are_replaced_in_texts(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": "CC = '/srv/build/bin/gcc'\n"})
    finish_wheel(made, tmp_path / "product", make_repair(tmp_path, replace={"/srv/build": "/usr/src"}))
    assert read_member(tmp_path / "product", "toy.py") == "CC = '/usr/src/bin/gcc'\n"


def test_a_folder_of_the_build_machine_in_a_binary_is_named(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy/data.bin": b"\0/srv/build/src/x.c\0"})
    with pytest.raises(AuditError, match="would not work") as caught:
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path, replace={"/srv/build": "/usr/src"}))
    assert caught.value.evidence == ("toy/data.bin contains a path of the build machine: /srv/build/src/x.c",)
    assert not (tmp_path / "product").exists()


def test_folders_of_the_build_machine_in_code_are_overwritten_in_their_place(tmp_path: Path) -> None:
    code = extension() + b"\0Compiler: /srv/build/1.0/bin/gcc (12)\0"
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_armv7l.whl", {MODULE: code})
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path, replace={"/srv/build/1.0": "/usr/src"}))
    with zipfile.ZipFile(tmp_path / "product") as wheel:
        assert wheel.read(MODULE) == extension() + b"\0Compiler: /usr/src///1.0/bin/gcc (12)\0"
    (remark,) = report.remarks
    assert "_speed.cpython-313" in remark


@pytest.mark.parametrize("folder", ["/a", "/tmp/x", "/srv/build/1.0", "/srv/bäu/x"])
def test_what_overwrites_a_path_is_as_long_and_ends_alike(folder: str) -> None:
    new = of_same_length(folder, "/usr/src")
    assert len(new.encode()) == len(folder.encode())
    assert new.rpartition("/")[2] == folder.rpartition("/")[2]
    assert folder not in new or folder == "/a"


def test_a_script_that_names_the_build_machines_python_is_for_any(tmp_path: Path) -> None:
    script = "toy-1.0.data/scripts/toy"
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {script: "#!/srv/build/cross/bin/python3.13 -E\nmain()\n"})
    finish_wheel(made, tmp_path / "product", make_repair(tmp_path, replace={"/srv/build": "/usr/src"}))
    assert read_member(tmp_path / "product", script) == "#!python -E\nmain()\n"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {MODULE: extension(machine=EM_X86_64, bits=64, flags=0)},
            f"{MODULE} is for another machine:"
            " expected ARM, 32 bit, little endian, found X86_64, 64 bit, little endian",
        ),
        ({MODULE: extension(flags=ARM_SOFT)}, f"{MODULE} has the wrong float ABI: expected hard, found soft"),
        (
            {"toy/_speed.cpython-313-x86_64-linux-gnu.so": extension()},
            "toy/_speed.cpython-313-x86_64-linux-gnu.so is not imported by the board's Python: "
            "expected .cpython-313-arm-linux-gnueabihf.so, found .cpython-313-x86_64-linux-gnu.so",
        ),
        (
            {MODULE: make_elf(needed=["libyaml-0.so.2"])},
            f"{MODULE} needs libyaml-0.so.2, which neither the prefix nor the board has",
        ),
        (
            {MODULE: extension(stack=7)},
            f"{MODULE} makes its stack executable: expected .note.GNU-stack in every object",
        ),
    ],
)
def test_code_that_would_not_work_is_named(tmp_path: Path, files: dict[str, bytes | str], problem: str) -> None:
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_armv7l.whl", files)
    with pytest.raises(AuditError) as caught:
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert caught.value.evidence == (problem,)


def test_a_missing_library_comes_with_advice(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_armv7l.whl", {MODULE: make_elf(needed=["libyaml-0.so.2"])})
    with pytest.raises(AuditError) as caught:
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert "override" in (caught.value.next or "")


def test_a_wheel_for_another_python_is_refused(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-cp311-cp311-linux_armv7l.whl", {"toy/_speed.so": extension()})
    with pytest.raises(AuditError, match="not for the board's Python"):
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path))


@pytest.mark.parametrize(
    "stated", [{"version": "0.0.0"}, {"name": "toys"}], ids=["git was asked for the version", "another name"]
)
def test_another_package_than_the_locked_one_is_refused(tmp_path: Path, stated: dict[str, str]) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": ""}, **stated)  # type: ignore[arg-type]
    with pytest.raises(AuditError, match="the build made another package") as caught:
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path))
    assert caught.value.expected == "toy 1.0"


def test_names_and_versions_are_compared_as_indexes_do(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "Zope.Interface-8.07-py3-none-any.whl", {"zope.py": ""})
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path, "zope-interface", "8.7"))
    assert report.filename == "zope_interface-8.7-py3-none-any.whl"


def test_an_extension_that_was_left_out_is_remarked(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": ""})
    package = LockedPackage(
        "toy", "1.0", other_wheels=("toy-1.0-cp313-cp313-win_amd64.whl", "toy-1.0-py3-none-any.whl")
    )
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path, package=package))
    assert "contains no extension module, but toy-1.0-cp313-cp313-win_amd64.whl does" in report.remarks[0]


def test_a_project_that_is_pure_everywhere_gets_no_remark(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": ""})
    package = LockedPackage("toy", "1.0", other_wheels=("toy-1.0-py3-none-any.whl",))
    assert finish_wheel(made, tmp_path / "product", make_repair(tmp_path, package=package)).remarks == ()


def test_the_work_folder_goes_when_all_went_well_and_stays_when_not(tmp_path: Path) -> None:
    repair = make_repair(tmp_path)
    finish_wheel(make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy.py": ""}), tmp_path / "product", repair)
    assert not repair.work.exists()
    made = make_wheel(tmp_path, "toy-1.0-cp313-cp313-linux_armv7l.whl", {MODULE: extension(flags=ARM_SOFT)})
    with pytest.raises(AuditError):
        finish_wheel(made, tmp_path / "product", repair)
    assert repair.work.exists()


def test_a_ready_wheel_keeps_its_bytes_and_its_name(tmp_path: Path) -> None:
    name = "toy-1.0-cp313-cp313-manylinux_2_31_armv7l.manylinux2014_armv7l.whl"
    wheel = make_wheel(tmp_path, name, {MODULE: extension(rpath="$ORIGIN/../toy.libs")})
    report = take_ready(wheel, name, tmp_path / "product", make_repair(tmp_path))
    assert (tmp_path / "product").read_bytes() == wheel.read_bytes()
    assert report.filename == name and report.engine == "ready" and report.extensions == ("toy._speed",)


def test_a_ready_wheel_is_judged_too(tmp_path: Path) -> None:
    name = "toy-1.0-cp313-cp313-manylinux2014_armv7l.whl"
    wheel = make_wheel(tmp_path, name, {MODULE: extension(machine=EM_X86_64, bits=64, flags=0)})
    with pytest.raises(AuditError, match="would not work"):
        take_ready(wheel, name, tmp_path / "product", make_repair(tmp_path))


def test_a_ready_wheel_whose_record_lies_is_refused(tmp_path: Path) -> None:
    name = "toy-1.0-py3-none-any.whl"
    wheel = make_wheel(tmp_path, name, {"toy.py": ""}, record=False)
    with pytest.raises(AuditError, match="is damaged") as caught:
        take_ready(wheel, name, tmp_path / "product", make_repair(tmp_path))
    assert caught.value.evidence == ("there is no RECORD",)


def test_a_ready_wheel_with_a_tag_that_pip_refuses_is_refused(tmp_path: Path) -> None:
    name = "toy-1.0-cp313-cp313-manylinux_2_39_armv7l.whl"
    with pytest.raises(AuditError, match="not for the board's Python"):
        take_ready(make_wheel(tmp_path, name, {MODULE: extension()}), name, tmp_path / "product", make_repair(tmp_path))


def foreign(tail: str = "") -> bytes:
    return make_elf(machine=EM_X86_64, bits=64, needed=["libnowhere.so.1"], tail=tail.encode())


def test_files_for_several_machines_in_a_pure_wheel_are_a_remark(tmp_path: Path) -> None:
    """debugpy and selenium bring some, and choose at run time."""
    files = {"toy/attach_amd64.so": foreign(), "toy/linux/manager": foreign(), "toy/attach_armhf.so": make_elf()}
    wheel = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", files)
    report = take_ready(wheel, wheel.name, tmp_path / "product", make_repair(tmp_path))
    assert report.remarks == (
        "chooses at run time among files, some of which this board cannot run: toy/attach_amd64.so, toy/linux/manager",
    )


@pytest.mark.parametrize(
    ("filename", "member", "content"),
    [
        ("toy-1.0-py3-none-any.whl", "toy/_speed.so", foreign("\0PyInit__speed\0")),
        ("toy-1.0-cp313-cp313-manylinux_2_17_armv7l.whl", "toy/libtoy.so", foreign()),
        ("toy-1.0-py3-none-any.whl", "toy/attach_armhf.so", make_elf(needed=["libnowhere.so.1"])),
    ],
)
def test_what_the_board_would_load_is_judged_in_any_wheel(
    tmp_path: Path, filename: str, member: str, content: bytes
) -> None:
    wheel = make_wheel(tmp_path, filename, {member: content})
    with pytest.raises(AuditError, match="would not work"):
        take_ready(wheel, filename, tmp_path / "product", make_repair(tmp_path))


def test_files_for_several_machines_that_the_source_brought_are_a_remark(tmp_path: Path) -> None:
    """Nothing of them was built: the wheel is for any platform still, and they are as they were."""
    brought = frozenset([hashlib.sha256(foreign()).hexdigest()])
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy/libtoy.so": foreign()})
    report = finish_wheel(made, tmp_path / "product", make_repair(tmp_path, brought=brought))
    assert report.filename == "toy-1.0-py3-none-any.whl"
    assert report.remarks == ("chooses at run time among files, some of which this board cannot run: toy/libtoy.so",)


def test_a_foreign_file_in_what_was_built_here_is_refused(tmp_path: Path) -> None:
    made = make_wheel(tmp_path, "toy-1.0-py3-none-any.whl", {"toy/libtoy.so": foreign()})
    with pytest.raises(AuditError, match="would not work"):
        finish_wheel(made, tmp_path / "product", make_repair(tmp_path))


@pytest.mark.parametrize("suffix", [".cpython-313.so", ".cpython-313-arm-linux-musleabihf.so"])
def test_extension_modules_are_called_as_the_python_says_that_was_built(tmp_path: Path, suffix: str) -> None:
    kit = make_kit(tmp_path / "kit")
    kit.standard_library.mkdir(parents=True)
    (kit.standard_library / "_sysconfigdata__linux_.py").write_text(f"build_time_vars = {{'EXT_SUFFIX': {suffix!r}}}\n")
    repair = make_repair(tmp_path, suffix=kit.extension_suffix)
    filename = "toy-1.0-cp313-cp313-linux_armv7l.whl"
    made = make_wheel(tmp_path / "right", filename, {f"toy/_speed{suffix}": extension()})
    assert finish_wheel(made, tmp_path / "product", repair).extensions == ("toy._speed",)
    with pytest.raises(AuditError, match="would not work") as caught:
        finish_wheel(make_wheel(tmp_path / "wrong", filename, {MODULE: extension()}), tmp_path / "product", repair)
    (problem,) = caught.value.evidence
    assert problem.endswith(f"expected {suffix}, found .cpython-313-arm-linux-gnueabihf.so")
