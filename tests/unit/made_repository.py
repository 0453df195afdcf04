"""A git repository with a project in it, as somebody else keeps one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

WHO = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Write files into a repository, which is made if need be, and commit them; the commit's hash."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "--template=")  # without files of examples
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


def project(name: str, version: str = "1.0", needs: str = "") -> str:
    """A pyproject.toml from which everything can be read."""
    return f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = [{needs}]\n'
