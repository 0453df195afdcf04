"""The files from which a local project is built: one walk hashes and copies them,
so that no file is packed without being hashed."""

from __future__ import annotations

import os
import shutil
import socket
from itertools import islice
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.project_files import ProjectFiles

_CACHE = "Signature: 8a477f597d28d172789f06886806bc55\n"


def write(folder: Path, *names: str, text: str = "") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or name)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "app", "pyproject.toml", "app/__init__.py")


def copied(project: Path, leave_out: Path | None = None) -> set[str]:
    place = project.parent / "copy"
    shutil.rmtree(place, ignore_errors=True)
    folder, _ = ProjectFiles("app", project, leave_out=leave_out).copy(place)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def digest(project: Path) -> str:
    return ProjectFiles("app", project).hash()


@pytest.mark.parametrize(
    "name",
    [
        "app/build/__init__.py",
        "app/web/dist/index.js",
        "app/venv/data.txt",
        "build/__init__.py",
        "build/lib/readme",
        "dist/static.js",
        "app/data.swp",
        "app/x~",
        "tests/other.egg-info/SOURCES.txt",
        "node_modules/a/index.js",
        ".hidden/file",
        "app/compiled.pyc",
    ],
)
def test_what_a_wheel_may_hold_is_hashed_and_copied(project: Path, name: str) -> None:
    if name == "build/lib/readme":
        write(project, "build/__init__.py")
    before = digest(project)
    write(project, name)
    added = digest(project)
    write(project, name, text="other")
    assert len({before, added, digest(project)}) == 3
    assert name in copied(project)


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("app/__pycache__/a.pyc", {}),
        (".git/HEAD", {}),
        ("sub/.git", {}),
        (".tox/x", {}),
        ("env/lib/x.py", {"env/pyvenv.cfg": "home = /usr"}),
        ("target/debug/x.o", {"target/CACHEDIR.TAG": _CACHE}),
        ("_skbuild/x.o", {"_skbuild/CMakeCache.txt": "x"}),
        ("builddir/x.o", {"builddir/meson-private/coredata.dat": "x"}),
        ("build/lib/app/old.py", {}),
        ("build/lib.linux-x86_64-cpython-311/app/old.py", {}),
        ("build/temp.linux-x86_64-cpython-311/x.o", {}),
        ("src/app.egg-info/PKG-INFO", {"src/app.egg-info/SOURCES.txt": "x"}),
        ("former_name.egg-info/PKG-INFO", {"former_name.egg-info/SOURCES.txt": "x"}),
    ],
)
def test_what_no_wheel_is_made_of_is_neither_hashed_nor_copied(project: Path, name: str, marks: dict[str, str]) -> None:
    before = copied(project)
    for mark, text in marks.items():
        write(project, mark, text=text)
    write(project, name)
    assert copied(project) == before
    one = digest(project)
    write(project, name, text="other")
    assert digest(project) == one


def test_git_has_no_say(project: Path) -> None:
    write(project, ".gitignore", text="*.dat\n")
    before = digest(project)
    write(project, "app/table.dat")
    assert digest(project) != before


def test_a_renamed_file_and_one_that_may_be_run_make_another_hash(project: Path) -> None:
    write(project, "a.sh")
    before = digest(project)
    (project / "a.sh").chmod(0o755)
    runs = digest(project)
    (project / "a.sh").rename(project / "b.sh")
    assert len({before, runs, digest(project)}) == 3


def test_the_place_of_a_project_does_not_count(project: Path, tmp_path: Path) -> None:
    before = digest(project)
    project.rename(tmp_path / "elsewhere")
    assert digest(tmp_path / "elsewhere") == before


def test_what_was_copied_has_the_hash_of_what_was_looked_at(project: Path) -> None:
    write(project, "app/build/x.py")
    (project / "app" / "link.py").symlink_to("__init__.py")
    (project / "outside.py").symlink_to(write(project.parent, "o.py") / "o.py")
    sources = ProjectFiles("app", project)
    folder, found = sources.copy(project.parent / "copy")
    assert found == sources.hash() == ProjectFiles("app", folder).hash()


def test_sockets_pipes_and_links_to_them_are_passed_over(project: Path) -> None:
    before = digest(project)
    os.mkfifo(project / "pipe")
    (project / "to-pipe").symlink_to("pipe")
    (project / "null").symlink_to(os.devnull)
    here = os.open(project, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)
    assert (project / "socket").is_socket()
    assert digest(project) == before
    assert copied(project) == {"pyproject.toml", "app/__init__.py"}


def test_a_link_that_leads_out_of_the_project_is_followed(project: Path) -> None:
    outside = write(project.parent / "shared", "data/a.txt")
    (project / "app" / "data").symlink_to("../../shared/data")
    (project / "app" / "absolute.txt").symlink_to(outside / "data/a.txt")
    before = digest(project)
    assert {"app/data/a.txt", "app/absolute.txt"} < copied(project)
    assert not (project.parent / "copy/app/data").is_symlink()
    write(outside, "data/a.txt", text="other")
    assert digest(project) != before


def test_a_link_within_the_project_stays_one(project: Path) -> None:
    (project / "again").symlink_to("app")
    copied(project)
    assert (project.parent / "copy" / "again").readlink() == Path("app")


def test_a_dangling_link_is_named_and_so_is_one_that_holds_itself(project: Path) -> None:
    (project / "gone").symlink_to("nowhere")
    (project / "up").symlink_to("..")
    (project / "self").symlink_to("self")
    sources = ProjectFiles("app", project)
    sources.hash()
    assert [remark.split(" leads to ")[1] for remark in sources.remarks] == [
        "a file that does not exist, and is copied as it is",
        "a file that does not exist, and is copied as it is",
        "a folder that contains the link, and is copied as it is",
    ]
    assert str(project / "gone") in sources.remarks[0]
    sources.copy(project.parent / "copy")
    assert (project.parent / "copy" / "gone").is_symlink()


def test_all_that_cannot_be_read_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, "secret/key", "app/private.txt")
    listdir, refused = os.listdir, Path.open

    def refuse_folder(path: Path) -> list[str]:
        if path == project / "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    def refuse_file(path: Path, *arguments: str) -> object:
        if path == project / "app/private.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return refused(path, *arguments)

    monkeypatch.setattr(os, "listdir", refuse_folder)  # a mode says nothing to root, as whom tests may run
    monkeypatch.setattr(Path, "open", refuse_file)
    with pytest.raises(ConfigurationError) as caught:
        digest(project)
    assert caught.value.evidence == (str(project / "app/private.txt"), str(project / "secret"))


def test_the_folder_that_everything_is_built_in_is_left_out(project: Path) -> None:
    write(project, "out/rv1126/work/x", "out/rv1126/stages/y")
    assert not [name for name in copied(project, leave_out=project / "out") if name.startswith("out")]


def test_what_lies_beside_is_hashed_and_copied_with_it(project: Path, tmp_path: Path) -> None:
    beside = write(tmp_path / "src", "dev.c", "include/dev.h")
    sources = ProjectFiles("app", project, beside=(beside,))
    before = sources.hash()
    folder, _ = sources.copy(tmp_path / "copy")
    assert (folder / "../src/include/dev.h").read_text() == "include/dev.h"
    write(beside, "dev.c", text="int x;")
    assert sources.hash() != before


def test_a_link_to_the_root_is_no_way_into_the_whole_machine(project: Path) -> None:
    (project / "app/sysroot").symlink_to("/")
    files = ProjectFiles("app", project)
    found = files.regular_files(project)  # it is not walked to its end: that would be this machine's
    assert [path.name for path in islice(found, 3)] == ["__init__.py", "pyproject.toml"]
    assert copied(project) == {"app/__init__.py", "pyproject.toml"}
    assert (project.parent / "copy/app/sysroot").is_symlink()
