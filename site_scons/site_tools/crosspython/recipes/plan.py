"""Plans: the steps that build one component, as data.

A plan is made when SConscripts are read, without touching network, disk or compiler, and carried out later by
stages/carry_out.py. Folders are not known yet, so steps name them by placeholders:

    {source}  {build}      the unpacked source; where to build it (often the same)
    {stage}                DESTDIR; what is installed is in {stage}{prefix}
    {sysroot}              the component's private sysroot: its dependencies, with usr/include and usr/lib
    {prefix}               where Python is on the board
    {triplet} {build_triplet}     the target's, the build machine's
    {recipe}               the folder of the recipe, for the data files that are beside it
    {build_python}         the interpreter of the same X.Y that runs on the build machine
    {answers}              the site file of answers that configure scripts of one compiler share, after a step `Answers`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict

PLACEHOLDERS = (
    "source",
    "build",
    "stage",
    "sysroot",
    "prefix",
    "triplet",
    "build_triplet",
    "recipe",
    "build_python",
    "answers",
)
_PLACEHOLDER = re.compile(rf"\{{({'|'.join(PLACEHOLDERS)})\}}")


# The variables for a cross-compiling configure. They contain only names of programs, which are found on the component's
# PATH, so no path gets into a product.
CROSS_TOOLS = {
    "CC": "{triplet}-gcc",
    "CXX": "{triplet}-g++",
    "CPP": "{triplet}-gcc -E",
    "AR": "{triplet}-ar",
    "RANLIB": "{triplet}-ranlib",
    "NM": "{triplet}-nm",
    "STRIP": "{triplet}-strip",
    "OBJCOPY": "{triplet}-objcopy",
    "READELF": "{triplet}-readelf",
    "LD": "{triplet}-ld",
}


# A step writes and removes files as the user, so none may name a place outside of its own folder.
Below = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!/)(?!(.*/)?\.\.(/|\Z))[^\0]+\Z",
        description="a relative path without .., such as lib/libz.so",
    ),
]
Words = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, description='a command as a list, ["perl", "make.pl"]')]
Matches = Annotated[int, msgspec.Meta(ge=1, description="a number of matches above 0")]


class Step:
    """One step of a plan. Recipes create steps directly, so the fields of steps are checked when a recipe is read.

    Not a Struct itself: msgspec would read one from a table, and a recipe has to make it.
    """

    __slots__ = ()

    @classmethod
    def read(cls, value: Any) -> Step:
        if not isinstance(value, _Step):
            raise ValueError("a step of crosspython.recipes.plan, such as Run(...) or Edit(...)")
        if isinstance(value, Edit):
            require_pattern(value.pattern)
        return msgspec.convert(asdict(value), type(value), from_attributes=True)


class _Step(msgspec.Struct, Step, frozen=True, tag=True, tag_field="kind"):
    """The fields of a step, and the name of its class, under which it stands in the plan's text."""


def require_pattern(text: object) -> None:
    """Raise ValueError for a text that is not a regular expression. Values of other types are checked elsewhere."""
    try:
        re.compile(text if isinstance(text, str) else "", re.MULTILINE)
    except re.error as error:
        raise ValueError("a regular expression as its pattern", str(error)) from error


class Run(_Step, frozen=True):
    """Run a command: no shell, its own environment on top of the component's."""

    name: str
    argv: Words
    cwd: str = "{build}"
    env: Mapping[str, str] = {}


class Make(_Step, frozen=True):
    """Run GNU make in the component's folder; it takes its jobs from crosspython's jobserver."""

    name: str
    arguments: tuple[str, ...] = ()
    cwd: str = "{build}"
    env: Mapping[str, str] = {}


class Ninja(_Step, frozen=True):
    """Run ninja in the component's build folder; it takes its jobs from crosspython's jobserver (ninja >= 1.13)."""

    name: str
    arguments: tuple[str, ...] = ()
    cwd: str = "{build}"


class Write(_Step, frozen=True):
    """Write a file below the source, with its placeholders replaced: a file that describes the board to a build system,
    for example."""

    file: Below
    text: str


class Autoreconf(_Step, frozen=True):
    """Make `configure` where the source came without one (a git export, as distributions like them)."""


class Answers(_Step, frozen=True):
    """Write the answers for the `configure` in {source}, if autoconf has made it. Before this step, and for other
    scripts, {answers} is empty."""


class Edit(_Step, frozen=True):
    """Replace a pattern (a multi-line regular expression) in a generated file: exactly `matches` times, or fail."""

    file: Below
    pattern: str
    replacement: str
    matches: Matches = 1


class Install(_Step, frozen=True):
    """Copy files matching a glob below the build folder into a folder below the prefix.
    `name` renames a single file."""

    glob: Below
    folder: Below
    name: str | None = None


class InstallDependencies(_Step, frozen=True):
    """Copy the shared libraries of the component's dependencies into lib, so that the component can be unpacked and
    used anywhere."""


class Symlink(_Step, frozen=True):
    """Make a symbolic link below the prefix."""

    link: Below
    to: str


class Remove(_Step, frozen=True):
    """Remove what matches these globs below the prefix; each has to match something."""

    globs: tuple[Below, ...]


class InstallWheels(_Step, frozen=True):
    """Install the wheels that match a glob below the prefix into a folder of packages, scripts beside the interpreter.

    edits: of files in them, by their paths in the wheel; RECORD tells what was installed
    leave_out: globs of files in them that are not installed
    """

    glob: str
    packages: str
    interpreter: str
    edits: tuple[Edit, ...] = ()
    leave_out: tuple[str, ...] = ()


class InstallPython(_Step, frozen=True):
    """Run CPython's `make install`, and byte-compile the modules of Lib meanwhile: it keeps one core busy.

    folder: the standard library's, below the prefix
    """

    arguments: tuple[str, ...]
    folder: str


class Train(_Step, frozen=True):
    """Run a program of the target's in the emulator, so that it writes what the compiler then optimizes for.

    argv:     the program and its arguments
    profiles: a glob below the build folder of the profiles that must be there afterwards (GCC's manual, -fprofile-use)
    seconds:  after which it is ended, and the build fails
    """

    argv: Words
    profiles: Below
    seconds: int


class BuildDetails(_Step, frozen=True):
    """Correct the build-details.json of a Python of 3.14 or newer, which is in the folder of its standard library."""

    folder: str


class CompilePython(_Step, frozen=True):
    """Byte-compile what is not compiled yet of a folder below the prefix;
    the .pyc name the file's place on the board."""

    folder: str


class RequireModules(_Step, frozen=True):
    """Fail unless CPython's build made these extension modules,
    and report what configure found for each missing one."""

    modules: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Steps before and after the stage is finished (stripped, made relocatable), and the host tools they call.

    early:  steps before all others. They ask build-python only for its version, because build-python may not be built
            yet at that time
    settle: steps that need the files' final content, such as byte-compiling
    """

    steps: tuple[Step, ...]
    early: tuple[Step, ...] = ()
    settle: tuple[Step, ...] = ()
    tools: tuple[str, ...] = ()
    env: Mapping[str, str] = {}

    @property
    def needs_build_python(self) -> bool:
        """Whether a step calls build-python. CPython's old configure scripts find it on PATH."""
        compiles = any(isinstance(step, CompilePython) for step in (*self.steps, *self.settle))
        return compiles or "{build_python}" in self.as_text()

    @property
    def trains(self) -> bool:
        """Whether a step runs the built program in the emulator."""
        return any(isinstance(step, Train) for step in self.steps)

    def as_text(self) -> str:
        """The plan as readable JSON: what SCons signs, and what `--debug=explain` shows."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1).decode()


def fill(text: str, places: Mapping[str, str]) -> str:
    """Replace the placeholders of `text`; any other use of braces is left alone."""
    return _PLACEHOLDER.sub(lambda match: places[match[1]], text)
