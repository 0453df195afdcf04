"""Packages that the board's own pip has replaced in a deployed tree, as by `pip install --upgrade pip`. A deployment
does not change them.

Files of two versions must not be mixed in one folder. A package's files are listed in its RECORD (the binary
distribution format of packaging.python.org). We compare only their top folders, because RECORD does not list bytecode
and removed files.
"""

from __future__ import annotations

import csv
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from crosspython.board.manifest import TreeDifference


def spare_replaced(difference: TreeDifference, tree: Path, replaced: Iterable[str]) -> tuple[TreeDifference, list[str]]:
    """The difference without the files of replaced packages, and the names of these packages.

    replaced: paths of the RECORDs that the packages had when they were deployed
    """
    own: set[str] = set()
    names = []
    for record in replaced:
        packages, dist_info = posixpath.split(posixpath.dirname(record))
        name = dist_info.partition("-")[0]
        names.append(name)
        own.add(f"{packages}/{dist_info}")
        for new in (tree / packages).glob(f"{name}-*.dist-info/RECORD"):
            own |= {_top(packages, row[0]) for row in csv.reader(new.read_text().splitlines()) if row}
    if not names:
        return difference, names
    of_theirs = re.compile(f"(?:{'|'.join(map(re.escape, sorted(own)))})(?:/|$)")
    return TreeDifference(
        send=tuple(item for item in difference.send if not of_theirs.match(item.path)),
        remove=tuple(path for path in difference.remove if not of_theirs.match(path)),
    ), names


def _top(packages: str, path: str) -> str:
    """The folder or file that a line of a RECORD belongs to: the first part of the path below the folder of packages;
    for a file outside of it, such as a script, the whole path."""
    place = posixpath.normpath(f"{packages}/{path}")
    if not place.startswith(f"{packages}/"):
        return place
    return f"{packages}/{place.removeprefix(f'{packages}/').partition('/')[0]}"
