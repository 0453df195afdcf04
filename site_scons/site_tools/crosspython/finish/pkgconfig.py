"""Rewrites pkg-config files so that they find their prefix relative to their own folder.

Knows one rewriting: `${pcfiledir}` is the folder of the .pc file itself (pkg-config(1), since 0.20), so a prefix
written relative to it makes the file true in a component's sysroot, in the bundle and wherever either is moved. Pure
text. Such a file must be read without PKG_CONFIG_SYSROOT_DIR, which would put the sysroot before paths that already
are in it.
"""

from __future__ import annotations

import re

_BEFORE = r"""(?<![^\s=:,;"'(])((?:-[LIFR]|-isystem)?)"""
_AFTER = r"""(?=[/\s"':,;)]|$)"""
_DEFINITION = re.compile(r"^prefix[ \t]*=.*$", re.MULTILINE)


def make_relocatable(text: str, prefix: str, depth: int) -> str:
    """Rewrite a .pc file's prefix and every literal path below it; `depth` counts the folders between.

    Doing it twice changes nothing more. A path that merely begins with the same letters (/opt/python3) stays.
    """
    definition = "prefix=${pcfiledir}" + "/.." * depth
    literal = re.compile(_BEFORE + re.escape(prefix.rstrip("/")) + _AFTER, re.MULTILINE)
    lines = [definition if _DEFINITION.match(line) else literal.sub(r"\1${prefix}", line) for line in text.split("\n")]
    if definition not in lines:
        lines.insert(0, definition)
    return "\n".join(lines)
