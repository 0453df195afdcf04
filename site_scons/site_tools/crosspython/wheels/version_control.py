"""The git repository of a local project: the facts that a build may ask it for, and a small copy with the same answers.

Versions are computed from it (setuptools-scm, versioneer) and lists of files. A copy has its own HEAD, index and tags,
and borrows the objects (gitrepository-layout(5), alternates), so that no build can do harm to the user's.
Also where `.git` is a
file: in a submodule or another working tree.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Words in build files which show that the build uses version control.
_ASKS = re.compile(
    rb"scm|vcs|versioneer|versioningit|dunamai|dynamic.version|\bpbr\b|[\"']\.git\b|(?<![./@])\bgit\b(?![+@:])",
    re.IGNORECASE,
)
_BUILD_FILES = (".toml", ".cfg", ".py", ".cmake", ".build", ".sh")
_BUILD_NAMES = ("CMakeLists.txt", "build.rs", "Makefile")
_LARGEST = 1 << 20
# Parts of a repository that are not copied: they are borrowed, useless, or belong to this working tree.
_NOT_COPIED = frozenset(
    ("objects", "modules", "worktrees", "hooks", "logs", "lfs", "index", "HEAD", "FETCH_HEAD", "config.worktree")
)


def borrowed_objects(project: Path) -> tuple[Path, ...]:
    """The folders whose objects a copied repository borrows, in a copy of a project."""
    found = (folder / ".git/objects/info/alternates" for folder in (project, *project.parents))
    lines = [line for file in found if file.is_file() for line in file.read_bytes().splitlines()]
    return tuple(Path(os.fsdecode(line)) for line in lines)


def asks_version_control(project: Path) -> bool:
    """Whether a project's build files mention version control. Those at its top and one level below are searched."""
    files = [*project.glob("*"), *project.glob("*/*")]
    return any(
        (file.suffix in _BUILD_FILES or file.name in _BUILD_NAMES)
        and file.is_file()
        and file.stat().st_size <= _LARGEST
        and os.access(file, os.R_OK)
        and _ASKS.search(file.read_bytes()) is not None
        for file in files
    )


@dataclass(frozen=True)
class Repository:
    """A working tree. top: its folder; git: the program."""

    top: Path
    git: str

    @classmethod
    def find(cls, project: Path, path: str) -> Repository | None:
        """The repository that contains a project; None if there is none, or no git on `path`."""
        git = shutil.which("git", path=path)
        if git is None:
            return None
        told = ask_git(git, project, "rev-parse", "--show-toplevel")
        return cls(Path(os.path.realpath(os.fsdecode(told.rstrip(b"\n")))), git) if told else None

    def identify(self, project: Path) -> bytes:
        """The facts that a build can read from it: HEAD, tags, the project's tracked files, and whether any of them was
        changed."""
        answers = (
            self._ask(self.top, "rev-parse", "HEAD"),
            self._ask(self.top, "symbolic-ref", "-q", "HEAD"),
            self._ask(self.top, "for-each-ref", "refs/tags", "--format=%(refname) %(objectname)"),
            self._ask(project, "ls-files", "--stage", "-z"),
            b"dirty" if self._changed(self.top) else b"clean",
        )
        return hashlib.sha256(b"\0".join(answers)).digest()

    def copy(self, place: Path) -> None:
        """Make a repository in the copy of a working tree. The same files count as changed as in the original."""
        own, common = (
            self.top / os.fsdecode(self._ask(self.top, "rev-parse", option).rstrip(b"\n"))
            for option in ("--git-dir", "--git-common-dir")
        )
        new = place / ".git"
        (new / "objects/info").mkdir(parents=True)
        (new / "objects/info/alternates").write_bytes(os.fsencode(os.path.realpath(common / "objects")) + b"\n")
        for entry in sorted(os.scandir(common), key=lambda entry: entry.name):
            if entry.name in _NOT_COPIED or entry.name.endswith(".lock"):
                continue
            if entry.is_dir():
                shutil.copytree(entry.path, new / entry.name, symlinks=True, dirs_exist_ok=True)
            elif entry.is_file():
                shutil.copyfile(entry.path, new / entry.name)
        for file in (own / "HEAD", own / "index", *own.glob("sharedindex.*")):
            if file.is_file():
                shutil.copyfile(file, new / file.name)
        nowhere, config = Path("/"), ("config", "--file", str(new / "config"))  # run in /: in `place`, git would use it
        for key in ("core.worktree", "core.fsmonitor", "extensions.worktreeConfig"):
            self._ask(nowhere, *config, "--unset-all", key)
        self._ask(nowhere, *config, "core.bare", "false")
        changed_by_copying = self._changed(place) - self._changed(self.top)
        names = b"\0".join(sorted(changed_by_copying))
        self._ask(place, "update-index", "-z", "--skip-worktree", "--stdin", given=names)

    def _changed(self, tree: Path) -> set[bytes]:
        """Tracked files of a working tree that differ from the commit."""
        told = self._ask(tree, "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
        return {line[3:] for line in told.split(b"\0") if line}

    def _ask(self, folder: Path, *arguments: str, given: bytes = b"") -> bytes:
        return ask_git(self.git, folder, *arguments, given=given)


def ask_git(git: str, folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """git's answer; empty if it fails. git is told to trust the folder, whoever owns it: it is the user's own
    project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [git, "-c", "safe.directory=*", "-C", str(folder), *arguments],
        input=given,
        capture_output=True,
        env=environment,
        check=False,
    )
    return done.stdout if done.returncode == 0 else b""
