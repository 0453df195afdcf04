"""A bundle made by hand, whose interpreter is a script that starts the tests' own with the tree's packages."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from crosspython.store.tree import pack_tree

SERIES = ".".join(map(str, sys.version_info[:2]))
VERSION = ".".join(map(str, sys.version_info[:3]))
SITE = f"lib/python{SERIES}/site-packages"
PREFIX = "/opt/python"
_INTERPRETER = f"""\
#!/bin/sh
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
PYTHONPATH=$(echo "$here"/../lib/python*/site-packages) PYTHONDONTWRITEBYTECODE=1 exec {sys.executable} "$@"
"""
_RECORD = "pip/__init__.py,,\n../../../bin/pip3,,\npip-25.0.dist-info/METADATA,,\npip-25.0.dist-info/RECORD,,\n"


def lay_bundle(tree: Path, more: Mapping[str, str] | None = None) -> Path:
    """The tree below the prefix, with a pip in it."""
    files = {
        f"bin/python{SERIES}": _INTERPRETER,
        "bin/pip3": "#!/bin/sh\n",
        f"lib/python{SERIES}/os.py": "name = 'posix'\n",
        f"lib/python{SERIES}/ensurepip/__init__.py": "",
        f"{SITE}/pip/__init__.py": "",
        f"{SITE}/pip/__pycache__/__init__.cpython-{SERIES.replace('.', '')}.pyc": "bytecode",
        f"{SITE}/pip-25.0.dist-info/METADATA": "Name: pip\n",
        f"{SITE}/pip-25.0.dist-info/RECORD": _RECORD,
        **(more or {}),
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
        (tree / name).chmod(0o755 if name.startswith("bin/") else 0o644)
    (tree / "bin/python3").symlink_to(f"python{SERIES}")
    return tree


def pack_bundle(folder: Path, more: Mapping[str, str] | None = None) -> Path:
    """The archive, as `scons bundle` makes it."""
    archive = folder / f"python-{VERSION}-rv1126.tar.gz"
    pack_tree(lay_bundle(folder / "bundle", more), archive, epoch=0, root="python")
    return archive
