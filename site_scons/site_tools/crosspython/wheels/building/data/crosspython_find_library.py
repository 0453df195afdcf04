"""Makes ctypes.util.find_library find the board's libraries, in the Pythons that run build backends.

CPython asks /sbin/ldconfig, gcc and ld, which report the build machine's libraries. This module asks only the board's
compiler. It runs in every Python that wheels are built for, and imports nothing of crosspython.
"""

import os
import re
import sys

_TRACED = r"[^()\s]*/lib%s\.[^()\s]*"


def install(prefix):
    """Replace find_library when ctypes.util is imported. prefix: the wrappers', "/.../arm-linux-gnueabihf-"."""
    sys.meta_path.insert(0, _Finder(prefix))


class _Finder:
    def __init__(self, prefix):
        self._prefix = prefix

    def find_spec(self, name, path=None, target=None):
        """Import the module, and replace find_library in it."""
        if name != "ctypes.util":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            module.find_library = lambda name: find_library(name, self._prefix)

        spec.loader.exec_module = exec_module
        return spec


def find_library(name, prefix):
    """The soname of the library that the board's compiler links for -lNAME; None where it finds none."""
    import tempfile

    sysroot = os.environ.get("CROSSPYTHON_SYSROOT")
    if sysroot is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        places = ["-L" + os.path.join(sysroot, "usr", "lib"), "-o", os.path.join(folder, "out")]
        traced = _ask([prefix + "gcc", "-shared", "-nostdlib", "-Wl,-t", *places, "-l" + name])
    for path in re.findall(_TRACED % re.escape(name), traced):
        if _is_elf(path):
            said = _ask([prefix + "readelf", "-d", path])
            soname = re.search(r"\(SONAME\).*\[(.+)\]", said)
            return soname.group(1) if soname else os.path.basename(path)
    return None


def _ask(command):
    import subprocess

    environment = dict(os.environ, LC_ALL="C", LANG="C")
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        return os.fsdecode(subprocess.run(command, env=environment, check=False, **streams).stdout)
    except OSError:
        return ""


def _is_elf(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
