"""Isolates the Pythons in which uv runs build backends: each starts once more,
with crosspython's isolating words before it.

uv knows no way to do that. Python imports this module by itself when it starts, before any code of a package
(https://docs.python.org/3/library/site.html), since PYTHONPATH names our folder. CROSSPYTHON_ISOLATION holds the words
and the environment, as JSON; what uv was told of indexes and their passwords is not handed on.
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
    if "--temporary" in words:  # of run/isolation.py, where files are hidden
        at = words.index("--temporary")
        words = [*words[:at], *options(order["cache"], arguments), *words[at:]]
    command = [*words, sys.executable, *arguments]
    os.execve(command[0], command, {**environment, **order["environment"]})


def options(cache, arguments):
    """What this backend writes: the source that it stands in, and the files and folders in uv's cache that the program
    names that uv gives it; what it reads: its Python, and the repository that the source is a part of."""
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
    """The working tree around a project, whose backend asks git for a version, and where a submodule or a worktree has
    its history (gitrepository-layout(5)). Of a home that is one, the history alone."""
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
    """Crates come before, as in every build: `cargo metadata`, which backends call, reads them all.
    None of them is run."""
    import contextlib
    import subprocess

    environment = dict(os.environ, **rust)
    del environment["CROSSPYTHON_ISOLATION"], environment["PYTHONPATH"]
    with contextlib.suppress(OSError):  # its backend says what is missing
        subprocess.run(["cargo", "fetch"], stdin=subprocess.DEVNULL, env=environment, check=False)


if "CROSSPYTHON_ISOLATION" in os.environ:
    start_again(os.environ["CROSSPYTHON_ISOLATION"])
