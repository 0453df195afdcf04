"""A step that runs the new program in the emulator, so that the compiler optimizes by its profile (optimize=pgo)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Project

CONFIGURE = """\
#!/bin/sh
cat > Makefile <<EOF
all: code.c
\t$CC -O2 -fprofile-generate -c code.c && $CC -fprofile-generate -o program code.o
used: code.c code.gcda
\t$CC -O2 -fPIC -fprofile-use -Werror=missing-profile -c code.c
\t$CC -shared -Wl,-soname,libhello.so.1 -o libhello.so.1 code.o
EOF
"""
CODE = """\
#include <string.h>
#include <unistd.h>
int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "hang") == 0) for (;;) pause();
    if (count > 1 && strcmp(words[1], "silent") == 0) _exit(0);
    return count > 1 ? 3 : 0;
}
"""
OPTIONS = """\
install=None, after=[
    Train(("{{source}}/program", {words}), profiles="*.gcda", seconds={seconds}),
    Make("make", ("used",)),
    Install("libhello.so.1", "lib"),
]"""


@pytest.fixture
def train(project: Project):
    def add(*words: str, seconds: int = 60) -> Project:
        given = "".join(f'"{word}", ' for word in words)
        options = OPTIONS.format(words=given, seconds=seconds)
        project.add("hello", configure=CONFIGURE, code=CODE, options=options)
        recipe = project.recipes / "hello/SConscript"
        recipe.write_text("from crosspython.recipes.plan import Install, Make, Train\n" + recipe.read_text())
        return project

    return add


def test_the_compiler_gets_the_profile_of_what_ran(train) -> None:
    project = train()
    project.scons("cache=none")
    assert project.stage("hello").is_file()
    assert "qemu-arm" in project.log("hello").read_text()


@pytest.mark.parametrize(
    ("words", "seconds", "told"),
    [
        (["fail"], 60, "exit status 3"),
        (["hang"], 2, "did not end within 2 s"),
        (["silent"], 60, "the training run wrote no profile"),
    ],
)
def test_a_training_that_went_wrong_makes_no_product(train, words: list[str], seconds: int, told: str) -> None:
    project = train(*words, seconds=seconds)
    assert told in project.scons("cache=none", code=2)
    assert not project.stage("hello").exists()


def test_a_missing_emulator_is_told_before_anything_is_built(train, tmp_path: Path) -> None:
    project, tools = train(), tmp_path / "tools"
    tools.mkdir()
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(folder).glob("*"):
            if not program.name.startswith("qemu-"):
                (tools / program.name).unlink(missing_ok=True)
                (tools / program.name).symlink_to(program)
    output = project.scons("cache=none", path=str(tools), code=2)
    assert "no emulator for armv7l" in output
    assert "building" not in output
