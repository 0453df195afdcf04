"""The kinds of recipes, by the names of the methods that declare them."""

from __future__ import annotations

from collections.abc import Mapping

from crosspython.recipes.autoconf import Autoconf
from crosspython.recipes.cmake import CMake
from crosspython.recipes.cpython import BuildPython, CPython
from crosspython.recipes.kind import Kind
from crosspython.recipes.make import MakefileOnly
from crosspython.recipes.meson import Meson
from crosspython.recipes.openblas import OpenBLAS
from crosspython.recipes.openssl import OpenSSL

KINDS: Mapping[str, type[Kind]] = {
    "Autoconf": Autoconf,
    "Make": MakefileOnly,
    "CMake": CMake,
    "Meson": Meson,
    "OpenSSL": OpenSSL,
    "OpenBLAS": OpenBLAS,
    "CPython": CPython,
    "BuildPython": BuildPython,
}
