"""A commit of a git repository as the source of a package: its working tree, in a folder that only we write to.

A commit is named by its hash, and git verifies fetched objects by their hashes. So the hash locks a commit as the
SHA-256 locks a file. The modules for local projects build it. Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urldefrag, urlsplit

from crosspython.errors import ConfigurationError, SourceError, StepError, hide_logins
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.exclusive import exclusive
from crosspython.wheels.version_control import ask_git

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Those of pip's git+ addresses (VCS Support) that uv also supports.
_ADDRESS = re.compile(r"git\+(?:https?|ssh|file)://")
# The variables of the user's environment that git needs to connect to a server as for the user.
_KEPT = (
    *("PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND"),
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True)
class Commit:
    """A vcs entry of PEP 751. url: the repository's; id: the full hash; subdirectory: the project's path in it."""

    url: str
    id: str
    subdirectory: str = ""

    @property
    def identity(self) -> str:
        """A text that identifies the files, independent of the repository's address."""
        return f"{self.id} {self.subdirectory}".rstrip()


def is_version_control(address: str) -> bool:
    """Whether an address has one of pip's prefixes for version control."""
    return re.match(r"\w+\+", address) is not None


def parse_commit(address: str, shown: str) -> Commit:
    """The commit that an address such as git+https://host/project.git@HASH names.

    shown: what was asked for, for messages
    Raises ConfigurationError if no commit is named; the error says what to write.
    """
    if not _ADDRESS.match(address):
        raise ConfigurationError(
            f"{hide_logins(shown)}: only git+https://, git+ssh:// and git+file:// are read; "
            "clone it, and name its folder"
        )
    url, fragment = urldefrag(address.removeprefix("git+"))
    parts = urlsplit(url)
    path, at, revision = parts.path.partition("@")
    url = parts._replace(path=path, query="").geturl()
    if parts.password is not None or (parts.scheme != "ssh" and parts.username is not None):
        raise ConfigurationError(
            f"{hide_logins(shown)}: a password belongs in ~/.netrc or git's configuration, because locks show addresses"
        )
    if not _HASH.fullmatch(revision.lower()):
        named = f"{revision!r} may be another commit tomorrow" if at else "no commit is named"
        raise ConfigurationError(
            f"{hide_logins(shown)}: {named}; write {url}@ and the whole hash of the commit: "
            f"`git ls-remote {url} {revision or 'HEAD'}` prints it"
        )
    return Commit(url, revision.lower(), (parse_qs(fragment).get("subdirectory") or [""])[0])


def format_address(commit: Commit) -> str:
    """A commit as an address for PEP 508."""
    return f"git+{commit.url}@{commit.id}" + (f"#subdirectory={commit.subdirectory}" if commit.subdirectory else "")


def check_out(commit: Commit, store: Path, *, path: str, offline: bool, wanted_by: str) -> Path:
    """The folder of the project in a working tree of a commit, fetched if needed. Raises SourceError.

    store: the folder of all sources
    path:  where git is looked for
    """
    tree = store / "git" / commit.id
    git = shutil.which("git", path=path)
    if git is None:
        raise SourceError(f"{wanted_by}: this machine has no git", next="install git")
    with exclusive(store / "git" / f"{commit.id}.lock"), Log(store / "git" / f"{commit.id}.log") as log:
        if not _is_whole(git, tree, commit):
            if offline:
                raise SourceError(
                    f"{wanted_by}: offline=1, and its commit is not in the store",
                    expected=str(tree),
                    next="run `scons fetch` with the same pkgs= once on a machine with a network",
                )
            _make(git, tree, commit, wanted_by, log)
    project = tree / commit.subdirectory
    if not project.is_dir() or not project.resolve().is_relative_to(tree.resolve()):
        raise SourceError(f"{wanted_by}: this commit has no folder {commit.subdirectory}", found=commit.url)
    return project


def _is_whole(git: str, tree: Path, commit: Commit) -> bool:
    """Whether the working tree exists, and no file of it was changed."""
    if not (tree / ".git").is_dir() or ask_git(git, tree, "rev-parse", "HEAD").decode().strip() != commit.id:
        return False
    return not ask_git(git, tree, "status", "--porcelain", "--untracked-files=all", "--ignored")


def _make(git: str, tree: Path, commit: Commit, wanted_by: str, log: Log) -> None:
    """Make the working tree as pip does (pip/_internal/vcs/git.py): history and tags are fetched at once, files only
    when they are needed."""
    here = ("-C", str(tree))
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _QUIET

    def run(*arguments: str) -> None:
        run_command([git, *arguments], cwd=tree.parent, env=environment, log=log)

    shutil.rmtree(tree, ignore_errors=True)
    try:
        run("clone", "--quiet", "--no-checkout", "--filter=blob:none", "--", commit.url, str(tree))
        if not ask_git(git, tree, "rev-parse", "--quiet", "--verify", f"{commit.id}^{{commit}}"):
            run(*here, "fetch", "--quiet", "origin", commit.id)  # no branch contains the commit
        run(*here, "checkout", "--quiet", "--detach", commit.id)
        run(*here, "submodule", "update", "--init", "--recursive", "--quiet")
    except StepError as error:
        shutil.rmtree(tree, ignore_errors=True)
        raise SourceError(
            f"{wanted_by}: commit {commit.id} of {hide_logins(commit.url)} could not be fetched",
            evidence=log.tail(6),
            log=log.path,
            next="check that `git clone` of that repository works here, and that it has that commit",
        ) from error
