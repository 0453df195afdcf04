"""ctypes's own module, which here refuses libraries of another libc (libc=private).

The bundle brings its own glibc. A library of the board's that was linked for musl, uClibc or Android's libc would be
loaded beside that, and crash. An ELF file says which libc it needs (System V ABI, DT_NEEDED). Libraries for an older
glibc are welcome; what needs a newer one, or glibc's private symbols, the loader itself refuses.

This module is before lib-dynload on sys.path, loads the extension from there, and leaves its place to that. It runs
in every Python since 3.5.
"""

import os
import struct
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_PT_LOAD, _PT_DYNAMIC, _DT_NEEDED, _DT_STRTAB = 1, 2, 1, 5
# How the names begin by which libraries need other libcs; glibc's is libc.so.6.
_FOREIGN = (
    ("libc.so.0", "uClibc"),
    ("libc.so.1", "uClibc"),
    ("ld-uClibc", "uClibc"),
    ("ld64-uClibc", "uClibc"),
    ("libc.musl-", "musl"),
    ("ld-musl-", "musl"),
)
_FOLDERS = ("/lib", "/usr/lib")  # where the loader looks last (ld.so(8))


def _needed(path):
    """The names of the libraries that an ELF file needs; none where it is no such file."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\x7fELF":
        return []
    order, wide = ("<" if data[5] == 1 else ">"), data[4] == 2
    segment, entry = ("IIQQQQ", "qQ") if wide else ("IIIIII", "iI")
    start = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)[0]
    size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    loads, dynamic = [], None
    for number in range(count):
        fields = struct.unpack_from(order + segment, data, start + number * size)
        offset, address, length = (fields[2], fields[3], fields[5]) if wide else (fields[1], fields[2], fields[4])
        if fields[0] == _PT_LOAD:
            loads.append((address, length, offset))
        elif fields[0] == _PT_DYNAMIC:
            dynamic = offset, length
    if dynamic is None:
        return []
    step, names, strings = struct.calcsize(order + entry), [], 0
    for place in range(dynamic[0], dynamic[0] + dynamic[1] - step + 1, step):
        tag, value = struct.unpack_from(order + entry, data, place)
        if tag == _DT_NEEDED:
            names.append(value)
        elif tag == _DT_STRTAB:
            strings = next(value - a + o for a, n, o in loads if a <= value < a + n)
        elif tag == 0:
            break
    return [data[strings + name : data.index(b"\0", strings + name)].decode("latin-1") for name in names]


def _foreign_libc(name):
    """The other libc that a library was linked for; None where it is none, or not known."""
    name = os.fsdecode(name)
    folders = [each for each in os.environ.get("LD_LIBRARY_PATH", "").split(":") if each]
    places = [name] if "/" in name else [os.path.join(folder, name) for folder in (*folders, *_FOLDERS)]
    path = next((place for place in places if os.path.isfile(place)), None)
    if path is None:
        return None
    try:
        needed = [os.path.basename(os.path.realpath(path)), *_needed(path)]
    except (OSError, ValueError, IndexError, StopIteration, struct.error):
        return None  # the loader says what is wrong with it
    if "libc.so" in needed:
        return "musl or Android's libc"
    return next((libc for each in needed for start, libc in _FOREIGN if each.startswith(start)), None)


def _guarded(dlopen):
    def guarded_dlopen(name, *flags):
        libc = _foreign_libc(name) if name else None
        if libc:
            raise OSError(
                "{}: it was linked for {}, but this Python brings its own glibc (libc=private), so loading "
                "it would crash".format(os.fsdecode(name), libc)
            )
        return dlopen(name, *flags)

    return guarded_dlopen


def _load():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib-dynload")
    spec = PathFinder.find_spec(__name__, [folder])
    if spec is None:
        raise ImportError("No module named '_ctypes' in {}".format(folder))
    module = module_from_spec(spec)
    sys.modules[__name__] = module
    spec.loader.exec_module(module)
    module.dlopen = _guarded(module.dlopen)


_load()
