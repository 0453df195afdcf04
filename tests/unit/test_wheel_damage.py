"""Damaged wheels: refused by name or mended, never a traceback; and what pip takes is not called damaged."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from crosspython.errors import AuditError
from crosspython.wheels.repairing.repair import finish_wheel, take_ready

from tests.unit.made_wheel import make_repair, make_wheel, member_names

NAME = "toy-1.0-py3-none-any.whl"
INFO = "toy-1.0.dist-info"
ENTRY_POINTS = "[console_scripts]\ntoy = toy:main\n"
FILES = {"toy.py": "x = 1\n", f"{INFO}/entry_points.txt": ENTRY_POINTS, "toy-1.0.data/scripts/run": "#!python\n"}


def made(folder: Path, filename: str = NAME) -> Path:
    return make_wheel(folder / "made", filename, FILES)


def change(wheel: Path, member: str, edit: Callable[[bytes], bytes | None], called: str | None = None) -> Path:
    """The same wheel with one member edited, renamed or (None) left out; RECORD stays, or is that member."""
    with zipfile.ZipFile(wheel) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(wheel, "w") as archive:
        for info, data in members:
            content = edit(data) if info.filename == member else data
            info.filename = called if called and info.filename == member else info.filename
            if content is not None:
                archive.writestr(info, content)
    return wheel


def take(wheel: Path, folder: Path, filename: str = NAME) -> None:
    take_ready(wheel, filename, folder / "product", make_repair(folder))


def record(old: str, new: str) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode())

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (record("toy.py,", "toy.py"), "has 2 columns instead of 3"),
        (record("toy.py,", "toy.py,,"), "has 4 columns instead of 3"),
        (record("\n", "\n\n"), "row 2: has 0 columns instead of 3"),
        (record("toy.py,", '"toy.py,'), "RECORD cannot be read"),
        (record("toy-1.0.data/", "./toy-1.0.data/"), "'./toy-1.0.data/scripts/run' is another spelling"),
        (record("toy.py,sha256=", "toy.py,sha999="), "cannot be verified: 'sha999="),
        (record("toy.py,sha256=", "toy.py,md5="), "cannot be verified"),
        (record("toy.py,sha256=", "toy.py,shake_128="), "cannot be verified"),
        (record("toy.py,sha256=", "toy.py,"), "cannot be verified"),
        (record("toy.py,sha256=", "toy.py,sha256=x"), "has other bytes than RECORD says"),
        (record(",6\n", ",six\n"), "has other bytes than RECORD says"),
        (record("toy.py,", "toy\xe9.py,"), "toy.py is not in RECORD"),
        (lambda data: data.replace(b"toy.py", b"toy\xe9.py"), "RECORD is not UTF-8 text"),
        (lambda data: b"\0" + data, "is not in RECORD"),
        (lambda data: b"x" * 200_000 + data, "RECORD cannot be read"),
        (lambda data: b"", "toy.py is not in RECORD"),
        (lambda data: None, "there is no RECORD"),
    ],
)
def test_a_malformed_record_is_damage(tmp_path: Path, edit: Callable[[bytes], bytes | None], says: str) -> None:
    with pytest.raises(AuditError, match=r"toy-1\.0-py3-none-any\.whl is damaged") as caught:
        take(change(made(tmp_path), f"{INFO}/RECORD", edit), tmp_path)
    assert says in "\n".join(caught.value.evidence)


@pytest.mark.parametrize(
    ("member", "edit", "says"),
    [
        ("WHEEL", lambda data: b"\xff\xfe" + data, "WHEEL is not UTF-8 text"),
        ("WHEEL", lambda data: data.replace(b"Wheel-Version: 1.0\n", b""), "WHEEL: has no Wheel-Version"),
        ("WHEEL", lambda data: data.replace(b"1.0", b"2.0"), "is of Wheel-Version 2.0"),
        ("WHEEL", lambda data: data.replace(b"1.0", b"one"), "its Wheel-Version is 'one'"),
        ("WHEEL", lambda data: data.replace(b"1.0", b"9" * 5000), "is of Wheel-Version 999"),
        ("WHEEL", lambda data: b"\xef\xbb\xbf" + data, "WHEEL begins with a byte order mark"),
        ("METADATA", lambda data: b"\xef\xbb\xbf" + data, "METADATA begins with a byte order mark"),
        ("entry_points.txt", lambda data: b"\xef\xbb\xbf" + data, "entry_points.txt begins with a byte order mark"),
        ("METADATA", lambda data: data + b"Author: J\xe9r\xf4me\n", "METADATA is not UTF-8 text"),
        ("METADATA", lambda data: data.replace(b"Name: toy\n", b""), "METADATA: has no Name"),
        ("entry_points.txt", lambda data: b"toy = toy:main\n", "entry_points.txt: File contains no section headers"),
        ("entry_points.txt", lambda data: data + b"oops\n", "entry_points.txt: Source contains parsing errors"),
        ("entry_points.txt", lambda data: data + b"b = toy\n", "b = toy: names no function"),
        (
            "entry_points.txt",
            lambda data: data + b"toy = a:b\n",
            "option 'toy' in section 'console_scripts' already exists",
        ),
        ("entry_points.txt", lambda data: data + b"b = a b:c\n", "names no function"),
        (
            "entry_points.txt",
            lambda data: data + b"a/b = toy:main\n",
            "a/b = toy:main: the name of a program has no slash",
        ),
        ("entry_points.txt", lambda data: data + b"  b = toy:main\n", "the next line, 'b = toy:main', is indented"),
        (
            "entry_points.txt",
            lambda data: data + b"a b = toy:main\n",
            "a b = toy:main: the name of a program has no",
        ),
        ("entry_points.txt", lambda data: b"\xe9" + data, "entry_points.txt is not UTF-8 text"),
    ],
)
@pytest.mark.parametrize("way", ["ready", "built"])
def test_a_dist_info_that_cannot_be_read_is_damage(
    tmp_path: Path, member: str, edit: Callable[[bytes], bytes], says: str, way: str
) -> None:
    wheel = change(made(tmp_path), f"{INFO}/{member}", edit)
    with pytest.raises(AuditError, match=r"toy-1\.0-py3-none-any\.whl is damaged") as caught:
        take(wheel, tmp_path) if way == "ready" else finish_wheel(wheel, tmp_path / "product", make_repair(tmp_path))
    assert says in "\n".join(caught.value.evidence)


def test_a_dist_info_of_another_name_is_damage(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "other-1.0-py3-none-any.whl", {}, name="toy")
    with pytest.raises(AuditError, match="is damaged") as caught:
        take(wheel, tmp_path)
    assert caught.value.evidence == ("its other-1.0.dist-info belongs to another package",)


@pytest.mark.parametrize(
    "edit",
    [
        record(f"{INFO}/RECORD,,", f"{INFO}/RECORD,,\n{INFO}/RECORD.jws,,\n{INFO}/RECORD.p7s,,"),
        record(f"{INFO}/RECORD,,", f"{INFO}/RECORD.jws,,"),
        record("toy.py,", "./toy.py,"),
        record(f"{INFO}/WHEEL", "toy-1.0.dist-info\\WHEEL"),
        record(f"{INFO}/RECORD,,", f"{INFO}/RECORD,,\n{INFO}/,,"),
        record(",6\n", ",\n"),
        record("\n", "\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
    ],
)
def test_what_pip_takes_and_the_standard_allows_is_no_damage(tmp_path: Path, edit: Callable[[bytes], bytes]) -> None:
    wheel = make_wheel(tmp_path / "made", NAME, FILES)
    with zipfile.ZipFile(wheel, "a") as archive:
        for name in ("RECORD.jws", "RECORD.p7s"):
            archive.writestr(f"{INFO}/{name}", "{}")
    take(change(wheel, f"{INFO}/RECORD", edit), tmp_path)


def test_a_wheel_of_an_older_format_is_no_damage(tmp_path: Path) -> None:
    """pip takes what has no later major version than its own."""
    finish_wheel(
        change(made(tmp_path), f"{INFO}/WHEEL", lambda data: data.replace(b"1.0", b"0.1")),
        tmp_path / "product",
        make_repair(tmp_path),
    )


def test_a_version_may_be_written_with_more_zeros_in_the_file_name(tmp_path: Path) -> None:
    """1.0 and 1.0.0 are the same version (PEP 440), and pip takes it."""
    wheel = make_wheel(tmp_path / "made", "toy-1.0.0-py3-none-any.whl", {"toy.py": ""}, version="1.0")
    take(wheel, tmp_path, wheel.name)
    finish_wheel(wheel, tmp_path / "product", make_repair(tmp_path))


def test_a_name_with_a_backslash_is_a_name(tmp_path: Path) -> None:
    take(make_wheel(tmp_path / "made", NAME, {"a\\b.py": ""}), tmp_path)


def test_names_with_commas_and_line_separators_stand_in_quotes(tmp_path: Path) -> None:
    built = make_wheel(tmp_path / "made", NAME, {'a,b "c".txt': "", "two lines\u2028.txt": ""}, record=False)
    finish_wheel(built, tmp_path / NAME, make_repair(tmp_path))
    take(tmp_path / NAME, tmp_path)


def test_a_date_of_zero_is_no_damage(tmp_path: Path) -> None:
    """Go and others write no date. In a zip archive it has 2 bytes after the time, 12 bytes after the signature."""
    wheel = made(tmp_path)
    data = wheel.read_bytes()
    date = zipfile.ZipFile(wheel).infolist()[0].date_time
    assert date == (1980, 1, 1, 0, 0, 0)
    packed = (1 << 5 | 1).to_bytes(2, "little")
    for signature, place in ((b"PK\x03\x04", 12), (b"PK\x01\x02", 14)):
        parts = data.split(signature)
        parts[1:] = [
            part.replace(packed, b"\0\0", 1) if part[place - 4 : place - 2] == packed else part for part in parts[1:]
        ]
        data = signature.join(parts)
    wheel.write_bytes(data)
    assert zipfile.ZipFile(wheel).infolist()[0].date_time == (1980, 0, 0, 0, 0, 0)
    take(wheel, tmp_path)


@pytest.mark.parametrize("name", ["Toy_Box-1.0", "toy.box-1.0", "toy_box-1.0.0"])
def test_a_built_wheels_dist_info_is_called_as_its_file(tmp_path: Path, name: str) -> None:
    """Normalized (PEP 427): pip and others look for that name."""
    files = {"toy.py": "", f"{name}.data/scripts/run": "#!python\n"}
    made = make_wheel(tmp_path, f"{name}-py3-none-any.whl", files, name="toy-box", version="1.0")
    wheel = made.rename(tmp_path / "toy_box-1.0-py3-none-any.whl")
    report = finish_wheel(wheel, tmp_path / "product", make_repair(tmp_path, "toy-box"))
    assert report.filename == "toy_box-1.0-py3-none-any.whl"
    assert member_names(tmp_path / "product") == [
        "toy.py",
        "toy_box-1.0.data/scripts/run",
        *(f"toy_box-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")),
    ]
    (tmp_path / report.filename).write_bytes((tmp_path / "product").read_bytes())
    take_ready(tmp_path / report.filename, report.filename, tmp_path / "again", make_repair(tmp_path, "toy-box"))


def test_a_wheel_that_pip_cannot_find_the_dist_info_of_is_refused(tmp_path: Path) -> None:
    wheel = change(made(tmp_path), f"{INFO}/METADATA", lambda data: data, called=f"./{INFO}/METADATA")
    with pytest.raises(AuditError, match="not a wheel"):
        take(wheel, tmp_path)


@pytest.mark.parametrize("way", ["ready", "built"])
@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"toy/two\nlines.txt": ""}, "'toy/two\\nlines.txt' has a control character in its name"),
        ({"other-1.0.data/scripts/x": ""}, "other-1.0.data belongs to another package: its own would be toy-1.0.data"),
        ({"toy-1.0.data/scripts/toy": "#!python\n"}, "toy is a script and an entry point"),
        ({"toy-1.0.data/scripts/a/b": "#!python\n"}, "toy-1.0.data/scripts/a/b is a program in a subfolder"),
    ],
)
def test_what_installers_do_not_agree_on_is_damage(
    tmp_path: Path, files: dict[str, bytes | str], says: str, way: str
) -> None:
    """uv refuses the first, installer the third; the second it installs elsewhere than pip."""
    wheel = make_wheel(tmp_path / "made", NAME, {**FILES, **files})
    with pytest.raises(AuditError, match=r"toy-1\.0-py3-none-any\.whl is damaged") as caught:
        take(wheel, tmp_path) if way == "ready" else finish_wheel(wheel, tmp_path / "product", make_repair(tmp_path))
    assert caught.value.evidence == (says,)


@pytest.mark.parametrize("line", ["Requires-Dist: x >>> 1", "Requires-Dist: x; python == 3", "Requires-Python: x"])
def test_needs_that_pip_does_not_read_are_damage(tmp_path: Path, line: str) -> None:
    wheel = make_wheel(tmp_path / "made", NAME, FILES, metadata=[line])
    with pytest.raises(AuditError, match="is damaged") as caught:
        take(wheel, tmp_path)
    assert caught.value.evidence[0].startswith(f"METADATA: {line}")


@pytest.mark.parametrize("versions", [">=3.6.*", "<4.0.*, >=3.5", "~=3.6, !=3.9.*"])
def test_a_star_that_installers_pass_over_is_no_damage(tmp_path: Path, versions: str) -> None:
    take(make_wheel(tmp_path / "made", NAME, FILES, metadata=[f"Requires-Python: {versions}"]), tmp_path)


def test_a_built_name_with_a_backslash_is_refused(tmp_path: Path) -> None:
    """In a RECORD it would be another name."""
    wheel = make_wheel(tmp_path / "made", NAME, {"a\\b.py": ""})
    with pytest.raises(AuditError, match="the build made files with a backslash") as caught:
        finish_wheel(wheel, tmp_path / "product", make_repair(tmp_path))
    assert caught.value.evidence == ("a\\b.py",)


def test_bytes_behind_the_archive_are_damage(tmp_path: Path) -> None:
    wheel = made(tmp_path)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.comment = b"a comment is none"
    take(wheel, tmp_path)
    wheel.write_bytes(wheel.read_bytes() + b"\n")
    with pytest.raises(AuditError, match="is damaged") as caught:
        take(wheel, tmp_path)
    assert caught.value.evidence == ("has data after the end of the archive",)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (4, 148, "toy.py is in version 14.8 of the zip format"),
        (6, 1 << 6, "toy.py is encrypted, says its header"),
        (8, 12, "toy.py is compressed in another way"),
    ],
    ids=["version", "flags", "method"],
)
def test_a_members_header_that_says_something_else_than_the_directory_is_damage(
    tmp_path: Path, place: int, value: int, says: str
) -> None:
    wheel = made(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        start = archive.getinfo("toy.py").header_offset
    with wheel.open("r+b") as file:
        file.seek(start + place)
        file.write(bytes([value]))
    with pytest.raises(AuditError, match="is damaged") as caught:
        take(wheel, tmp_path)
    assert any(says in each for each in caught.value.evidence)
    finish_wheel(wheel, tmp_path / "house" / NAME, make_repair(tmp_path))
    take(tmp_path / "house" / NAME, tmp_path)


def test_a_compression_that_only_pip_reads_is_damage_until_it_is_packed_anew(tmp_path: Path) -> None:
    wheel = made(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        members = [(each.filename, archive.read(each)) for each in archive.infolist()]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_BZIP2) as archive:
        for name, data in members:
            archive.writestr(name, data)
    with pytest.raises(AuditError, match="is damaged") as caught:
        take(wheel, tmp_path)
    assert "toy.py is not deflated" in caught.value.evidence
    finish_wheel(wheel, tmp_path / "house" / NAME, make_repair(tmp_path))
    take(tmp_path / "house" / NAME, tmp_path)
