"""Isolates the Pythons in which uv runs build backends: each of them starts itself again, with crosspython's words for
isolation in front of it.

uv has no option for that. Python imports this module when it starts, before any code of a package
(https://docs.python.org/3/library/site.html), because PYTHONPATH contains our folder. CROSSPYTHON_ISOLATION contains
the words and the environment, as JSON; uv's settings for indexes and their passwords are not passed on.
"""

import os
import sys

_OF_UV = ("PATH", "VIRTUAL_ENV", "PYTHONIOENCODING")


def start_again(order):
    import json

    order = json.loads(order)
    if os.path.exists("Cargo.toml"):
        order["environment"].update(order["rust"])
        fetch_crates(order["rust"])
    with open("/proc/self/cmdline", "rb") as file:
        arguments = file.read().split(b"\0")[1:-1]
    environment = {name: os.environ[name] for name in _OF_UV if name in os.environ}
    arguments = list(map(os.fsdecode, arguments))
    words = order["words"]
    if "--temporary" in words:  # run/isolation.py adds it if files are hidden
        at = words.index("--temporary")
        words = [*words[:at], *options(order["cache"], arguments), *words[at:]]
    command = [*words, sys.executable, *arguments]
    os.execve(command[0], command, {**environment, **order["environment"]})


def options(cache, arguments):
    """The options for the paths of this backend. It may write its source, and the files and folders of uv's cache that
    are named in the program that uv runs. It may read its Python, and the repository of the source."""
    import re

    places = {os.getcwd()}
    for place in re.findall(r"\"(/[^\"\n]+)\"", " ".join(arguments)):
        folder = place if os.path.isdir(place) else os.path.dirname(place)
        if os.path.isdir(folder) and os.path.commonpath([folder, cache]) == cache != folder:
            places.add(folder)
    for place in sorted(places):
        yield from ("--write", place)
    for place in {sys.prefix, sys.base_prefix, sys.exec_prefix, *repository(os.getcwd())}:
        yield from ("--read", place)


def repository(folder):
    """The paths of the repository around a project, because a backend may ask git for a version: the working tree, and
    for a submodule or a worktree the folder with its history (gitrepository-layout(5)). If the working tree is the
    user's home, only the history."""
    import pwd

    tree = folder
    while not os.path.exists(os.path.join(tree, ".git")):
        if tree == os.path.dirname(tree):
            return
        tree = os.path.dirname(tree)
    git = os.path.join(tree, ".git")
    yield git if tree == os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir) else tree
    if os.path.isfile(git):
        with open(git) as file:
            kept = os.path.join(tree, file.read().partition("gitdir: ")[2].strip())
        yield kept
        if os.path.exists(common := os.path.join(kept, "commondir")):
            with open(common) as file:
                yield os.path.join(kept, file.read().strip())


def fetch_crates(rust):
    """Fetch the crates before the build, as in every build: backends call `cargo metadata`, which reads all of them.
    No code of a crate is run."""
    import contextlib
    import subprocess

    environment = dict(os.environ, **rust)
    del environment["CROSSPYTHON_ISOLATION"], environment["PYTHONPATH"]
    with contextlib.suppress(OSError):  # the backend will report what is missing
        subprocess.run(["cargo", "fetch"], stdin=subprocess.DEVNULL, env=environment, check=False)


if "CROSSPYTHON_ISOLATION" in os.environ:
    start_again(os.environ["CROSSPYTHON_ISOLATION"])
