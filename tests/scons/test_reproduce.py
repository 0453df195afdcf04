"""`scons reproduce`: two builds under other conditions, whose products are the same bytes, or are named with what
differs."""

from __future__ import annotations

import pytest

from tests.conftest import CONFIGURE, Project
from tests.unit.made_wheel import make_wheel


@pytest.fixture
def declared(project: Project) -> Project:
    script = project.folder / "SConstruct"
    script.write_text(script.read_text() + '\nenv.Alias("reproduce", env.Reproduce(given=ARGUMENTS))\n')
    return project


def test_a_component_is_the_same_bytes_twice(declared: Project) -> None:
    declared.add("hello")
    output = declared.scons("reproduce", "cache=none")
    assert "products: the same bytes in both builds" in output
    archive = declared.stage("hello").name
    both = list((declared.folder / "build/rv1126/reproduce").glob(f"**/{archive}"))
    assert len(both) == 2 and len({path.read_bytes() for path in both}) == 1


def test_wheels_are_the_same_bytes_twice(declared: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(declared.folder / "links", "top-1.0-py3-none-any.whl", {"top.py": ""})
    declared.add("hello")
    script = declared.folder / "SConstruct"
    script.write_text(f'{script.read_text()}env.Alias("wheels", env.Wheels())\n')
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(declared.folder / "links")}
    monkeypatch.setattr(Project, "environment", declared.environment | links)
    output = declared.scons("reproduce", "pkgs=top")
    assert "1 product: the same bytes in both builds" in output
    assert len(list((declared.folder / "build/rv1126/reproduce").glob("**/wheels/top-1.0-py3-none-any.whl"))) == 2


def test_what_differs_is_named(declared: Project) -> None:
    leak = "\tdate +%s%N > \\$(DESTDIR)\\$(PREFIX)/lib/leak\nEOF"
    declared.add("leaky", configure=CONFIGURE.replace("EOF\n", f"{leak}\n").replace(f"<<{leak}", "<<EOF"))
    output = declared.scons("reproduce", code=2)
    assert "products differ between the two builds" in output
    assert "rv1126/stages/leaky-1.0" in output and "lib/leak: has other bytes" in output
