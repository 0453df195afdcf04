"""SCons below a make -jN: the steps of both together are never more than N."""

from __future__ import annotations

import shlex
import subprocess
from itertools import accumulate
from pathlib import Path

from tests.conftest import CONFIGURE, Project

WORK = "echo 1 >> {runs}; sleep 1; echo -1 >> {runs}"


def test_steps_below_an_outer_make_are_counted_with_its_own(tmp_path: Path) -> None:
    project, runs = Project(tmp_path / "project"), tmp_path / "runs"
    work = WORK.format(runs=shlex.quote(str(runs)))  # so they are not contained
    for name in ("one", "two", "three", "four"):
        project.add(name, configure=CONFIGURE.replace("#!/bin/sh\n", f"#!/bin/sh\n{work}\n"))
    command = project.command("-j8", "contain=off")
    own = [f"own{number}" for number in range(8)]
    rules = f"scons:\n\t+{shlex.join(command)}\n{' '.join(own)}:\n\t{work}\n"
    makefile = f"all: scons {' '.join(own)}\n{rules}"
    (project.folder / "Makefile").write_text(makefile)
    done = subprocess.run(
        ["make", "-j3"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "jobserver" not in done.stderr, done.stderr
    changes = list(map(int, runs.read_text().split()))
    assert len(changes) == 2 * (len(project.names) + len(own))
    assert 2 <= max(accumulate(changes)) <= 3
