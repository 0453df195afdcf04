"""The files for CI services, in examples/ci/ and from `crosspython init`: they are valid by the services' own schemas,
which check-jsonschema brings, and install what builds need."""

from __future__ import annotations

import re
from pathlib import Path

import crosspython
import pytest
from check_jsonschema import main as check
from click.testing import CliRunner
from crosspython.command.main import main
from crosspython.doctor import TOOLS
from crosspython.hosttools import MANAGERS, package_of

from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples/ci"


def validate(file: Path, schema: str) -> str:
    """The mistake in a file, or "" if there is none."""
    run = CliRunner().invoke(check, ["--builtin-schema", f"vendor.{schema}", str(file)])
    return run.output if run.exit_code else ""


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("github.yml", "github-workflows"),
        ("gitlab.yml", "gitlab-ci"),
        ("dependabot.yml", "dependabot"),
        ("renovate.json", "renovate"),
    ],
)
def test_an_example_is_valid(name: str, schema: str) -> None:
    assert not validate(EXAMPLES / name, schema)


@pytest.mark.parametrize(
    ("service", "name", "schema"),
    [("github", ".github/workflows/board.yml", "github-workflows"), ("gitlab", ".gitlab-ci.yml", "gitlab-ci")],
)
def test_what_init_writes_is_valid(service: str, name: str, schema: str, tmp_path: Path) -> None:
    assert main(["init", str(tmp_path), "--ci", service]) == 0
    assert not validate(tmp_path / name, schema)


def test_a_mistake_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((EXAMPLES / "github.yml").read_text().replace("runs-on:", "run-on:"))
    assert "runs-on" in validate(wrong, "github-workflows")


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_an_example_installs_what_a_build_needs(name: str) -> None:
    apt = next(manager for manager in MANAGERS if manager.name == "apt")
    text = (EXAMPLES / name).read_text()
    installed = set(re.findall(r"[\w+.-]+", text[text.index("--no-install-recommends") : text.index("pip install -r")]))
    needed = {word for tool in TOOLS for word in (package_of(tool, apt) or "").split()}
    assert needed <= installed
    for board, compiler in (("rv1126", "g++-arm-linux-gnueabihf"), ("rk3568", "g++-aarch64-linux-gnu")):
        assert re.search(rf"{board}\n.*{re.escape(compiler)}", text)


def test_the_examples_name_the_version_that_is_here() -> None:
    assert f"crosspython=={crosspython.__version__}\n" in (EXAMPLES / "requirements-build.txt").read_text()


def test_the_container_is_made_by_readmes_command() -> None:
    folder = REPOSITORY / ".devcontainer"
    assert "RUN ./setup" in (folder / "Containerfile").read_text()
    assert '"dockerfile": "Containerfile"' in (folder / "devcontainer.json").read_text()
