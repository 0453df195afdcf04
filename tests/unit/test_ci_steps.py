"""`.ci/steps`: the commands of a CI file as a shell script."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_commands_have_the_values_of_the_first_row(name: str) -> None:
    command = [sys.executable, str(REPOSITORY / ".ci/steps"), str(REPOSITORY / "examples/ci" / name)]
    script = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    stub = "apt-get() { :; }; sudo() { :; }; pip() { :; }; python3() { :; }; .() { :; }; ls() { echo ls $*; }\n"
    stub += "crosspython() { echo $*; }; export -f apt-get sudo pip crosspython\n"
    run = subprocess.run(["bash", "-c", stub + script], capture_output=True, text=True, check=False)
    *_, doctor, build, kept = run.stdout.splitlines()
    assert doctor == "doctor target=rv1126", run.stderr
    assert build.startswith("build wheels sbom check=1 target=rv1126 python=3.13")
    assert kept.split() == ["ls", "-d", "build/rv1126/wheels/", "build/rv1126/sbom/"]
