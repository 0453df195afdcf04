"""docs/components.md says of each library for packages what its recipe says."""

from __future__ import annotations

from crosspython.wheels.known.libraries import read_libraries

from tests.conftest import REPOSITORY
from tests.unit.test_components import read

PAGE = (REPOSITORY / "docs/components.md").read_text()


def test_the_table_has_every_library_with_its_version_and_licence() -> None:
    _, _, table = PAGE.partition("| component | version | licence |")
    rows = [line.split(" | ")[:3] for line in table.split("\n\n")[0].splitlines()[2:]]
    recipes = [read(name) for name in sorted(read_libraries())]
    assert rows == [[f"| {recipe.name}", recipe.version, str(recipe.license)] for recipe in recipes]
