"""Wheel tags: those that the board's pip accepts, and those that a wheel should have because of its content.

Knows PEP 425 (tags), 427 (wheels), 600 (manylinux) and 656 (musllinux), and CPython's names of extension modules. It
opens no file: its callers describe the content of a wheel. A wheel that was built for a board has the tag
`linux_<machine>`, which every pip there accepts. manylinux promises that a wheel runs on any CPU of that kind
(docs/decisions tells more).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from packaging.tags import Tag, compatible_tags, cpython_tags

from crosspython.errors import AuditError
from crosspython.finish.board_needs import oldest_libc
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.targets.machines import MACHINES
from crosspython.targets.triplet import end_of_abi
from crosspython.toolchain.facts import Toolchain


@dataclass(frozen=True)
class BoardTags:
    """The facts that the tags of a board's wheels depend on.

    series: CPython's, "3.13"
    libc: the board's, which manylinux and musllinux wheels may ask for
    abiflags: letters behind the number in the name of CPython's ABI (PEP 3149): "m" up to 3.7
    suffix: EXT_SUFFIX of the Python that was built; None: it is not built yet, and all possible suffixes are accepted
    """

    machine: str
    series: str
    float_abi: str | None
    libc: Libc
    abiflags: str = ""
    suffix: str | None = None

    @classmethod
    def of(
        cls, target: Target, toolchain: Toolchain, series: str, abiflags: str, suffix: str | None = None
    ) -> BoardTags:
        """The facts of a target. If the target states its libc, that one is used."""
        libc = oldest_libc(target, toolchain)
        return cls(target.machine, series.rstrip("t"), target.float_abi, libc, abiflags, suffix)

    @property
    def python(self) -> tuple[int, int]:
        major, minor = self.series.split(".")
        return int(major), int(minor)

    @property
    def interpreter(self) -> str:
        return "cp" + self.series.replace(".", "")

    @property
    def abi(self) -> str:
        return self.interpreter + self.abiflags

    @property
    def has_stable_abi(self) -> bool:
        """Whether it imports modules of the stable ABI, abi3: without the GIL it does not (PEP 703)."""
        return "t" not in self.abiflags

    @property
    def platform(self) -> str:
        return f"linux_{self.machine}"

    @cached_property
    def accepted(self) -> tuple[Tag, ...]:
        """All tags that pip takes on the board, best first."""
        platforms = board_platforms(self)
        return (
            *cpython_tags(self.python, abis=[self.abi], platforms=platforms),
            *compatible_tags(self.python, interpreter=self.interpreter, platforms=platforms),
        )

    def accepts(self, tags: Iterable[Tag]) -> bool:
        """Whether pip takes a wheel with these tags on the board."""
        return any(tag in self._accepted_set for tag in tags)

    @cached_property
    def _accepted_set(self) -> frozenset[Tag]:
        return frozenset(self.accepted)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of extension modules that this Python imports."""
        own = self._likely_suffixes() if self.suffix is None else (self.suffix,)
        return (*own, *((".abi3.so",) if self.has_stable_abi else ()), ".so")

    def _likely_suffixes(self) -> tuple[str, ...]:
        """The suffixes that a Python of this series may have on such a board, the likeliest first."""
        abi = end_of_abi(self._word, self.float_abi)
        number = self.abi.removeprefix("cp")
        places = (f"-{self._word}-linux-{libc}{abi}" if libc else "" for libc in self.libc.kind.suffixes)
        return tuple(f".cpython-{number}{place}.so" for place in places)

    @property
    def _word(self) -> str:
        row = MACHINES.get(self.machine)
        return row.suffix if row and row.suffix else self.machine


def board_platforms(board: BoardTags) -> list[str]:
    """The platforms that pip takes on a board, best first, in packaging's order: plain linux before manylinux
    (packaging 26.3, tags.py, _linux_platforms)."""
    return [f"linux_{board.machine}", *board.libc.platforms(board.machine, board.float_abi)]


@dataclass(frozen=True)
class MachineCode:
    """The content of a wheel that its tags depend on: the file names of its extension modules, and whether it contains
    other code."""

    extensions: tuple[str, ...] = ()
    others: bool = False

    def __bool__(self) -> bool:
        return bool(self.extensions) or self.others


def predict_tags(stated: Iterable[Tag], code: MachineCode, board: BoardTags) -> frozenset[Tag]:
    """The tags that a wheel should have: the stated Python, if its code agrees with that, and the board's platform.

    A Python other than the board's is not changed: the content is wrong, not only the name, and the audit refuses it.
    """
    return frozenset(_right_tag(tag, code, board) for tag in stated)


def _right_tag(tag: Tag, code: MachineCode, board: BoardTags) -> Tag:
    if not code:
        return _pure_tag(tag)
    own_abi = any(".cpython-" in name for name in code.extensions)
    if tag.abi == "abi3" and not own_abi:
        return Tag(tag.interpreter, "abi3", board.platform)
    if code.extensions and (tag.abi in ("none", "abi3") or tag.interpreter.startswith("py")):
        only_stable = all(name.endswith(".abi3.so") for name in code.extensions)
        return Tag(board.interpreter, "abi3" if only_stable else board.abi, board.platform)
    return Tag(tag.interpreter, tag.abi, board.platform)


def manylinux_tags(
    tags: Iterable[Tag], board: BoardTags, libraries: Iterable[str], needed: Libc | None
) -> frozenset[Tag]:
    """The tags with which other boards with the same machine also accept a wheel (PEP 600); empty if it does not meet
    their conditions.

    libraries: sonames of libraries that it needs and does not contain
    needed:    the libc that brought the newest symbols that it needs; None: it needs none
    """
    platform = board.libc.oldest_platform(board.machine, board.float_abi, needed)
    if platform is None or not all(map(board.libc.is_own, libraries)):
        return frozenset()
    return frozenset(Tag(tag.interpreter, tag.abi, platform) for tag in tags if tag.platform == board.platform)


def _pure_tag(tag: Tag) -> Tag:
    """The tag of a wheel without machine code: any platform. cp39-abi3 means 3.9 and newer; without an ABI, this is
    py39."""
    interpreter = tag.interpreter.replace("cp", "py") if tag.abi == "abi3" else tag.interpreter
    return Tag(interpreter, "none", "any")


def compress_tags(tags: Iterable[Tag]) -> str:
    """A set of tags in the form of file names (PEP 425): py2.py3-none-any."""
    tags = frozenset(tags)
    parts = [sorted({getattr(tag, part) for tag in tags}) for part in ("interpreter", "abi", "platform")]
    spanned = {Tag(*combination) for combination in product(*parts)}
    if spanned != tags:
        raise AuditError(
            "no file name can have exactly these tags (PEP 425)",
            expected="all combinations of some Pythons, ABIs and platforms",
            found=", ".join(sorted(map(str, tags))),
        )
    return "-".join(".".join(names) for names in parts)


def is_pure(filename: str) -> bool:
    """Whether a wheel is for any platform, by its name."""
    return filename.endswith("-any.whl")
