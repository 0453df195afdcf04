"""Rewrites scripts so that they find their interpreter relative to their own folder.

Installers name a Python in one of two forms: a `#!` line, or the shell commands that distlib writes if that line would
be too long or has a blank. Both contain a fixed path. Here they are replaced by shell commands of our own, which look
for the interpreter beside the script, so the tree can be moved. Other interpreters of the build are found by `env`.
Pure bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crosspython.recipes.detour import write_detour

_SHEBANG = re.compile(rb"#![ \t]*(?P<quoted>)(?P<bare>/\S+)(?P<arguments>[^\r\n]*)\r?\n")
_DISTLIB = re.compile(
    rb"#!/bin/sh\n'''exec' (?:\"(?P<quoted>/[^\n\"]+)\"|(?P<bare>/\S+))(?P<arguments>[^\n\"]*) \"\$0\" \"\$@\"\n' '''\n"
)
_ENCODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+[^\n]*\n")  # PEP 263: only in the first two lines
_BEFORE_DOCSTRING = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?=[rRuU]?[\"'])")
_VERSIONED = re.compile(r"python\d+\.\d+")


def make_relocatable_script(
    data: bytes, *, prefix: str, build_folders: Sequence[str], to_bin: str, is_executable: bool
) -> bytes | None:
    """Rewrite the interpreter of a script if it is the prefix's Python or a program of the build machine; else return
    None.

    `prefix` belongs to the board, `build_folders` to the build machine; `to_bin` is the way from the script's folder to
    the one with the interpreters ("." or "../../bin").
    """
    match = _DISTLIB.match(data) or _SHEBANG.match(data)
    if match is None:
        return None
    interpreter = (match["quoted"] or match["bare"]).decode(errors="surrogateescape")
    name = interpreter.rpartition("/")[2]
    is_python = name.startswith("python")
    folders = [*build_folders, prefix] if is_python else build_folders
    if not any(interpreter.startswith(folder.rstrip("/") + "/") for folder in folders):
        return None
    body = data[match.end() :]
    if is_python and not _VERSIONED.fullmatch(name):
        name = "python3"
    if not (is_python and is_executable):  # a module that is also a program is run with an explicit interpreter
        return f"#!/usr/bin/env {name}\n".encode(errors="surrogateescape") + body
    return _write_head(name, match["arguments"].strip(), to_bin, body)


def _write_head(name: str, arguments: bytes, to_bin: str, body: bytes) -> bytes:
    """Write the new first lines. A line that states the source's encoding must be one of the first two (PEP 263)."""
    encoding = _ENCODING.match(body)
    stated = encoding.group() if encoding else b""
    detour = write_detour(name, arguments.decode(errors="surrogateescape"), to_bin=to_bin)
    return b"#!/bin/sh\n" + stated + _put_before(detour.encode(errors="surrogateescape"), body[len(stated) :])


def _put_before(detour: bytes, body: bytes) -> bytes:
    """Put the detour before a script. The detour is a string, so it would become the docstring. The script's own
    docstring is still assigned to `__doc__`; but only one string may come before an import from `__future__`, so the
    two are joined there.
    """
    before = _BEFORE_DOCSTRING.match(body)
    if before is None:
        return detour + body
    docstring = body[before.end() :]
    if b"__future__" in body:
        return detour.rstrip(b"\n") + b" \\\n" + docstring
    return detour + before.group() + b"__doc__ = " + docstring
