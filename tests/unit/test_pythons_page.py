"""docs/pythons.md says of each series what its data say."""

from __future__ import annotations

from crosspython.recipes.release import read_release
from crosspython.recipes.series import series_names

from tests.conftest import REPOSITORY
from tests.unit.test_components import COMPONENTS, read

PAGE = (REPOSITORY / "docs/pythons.md").read_text()


def test_the_table_has_every_series_with_its_release_openssl_date_and_sources() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| 3.")]
    told = []
    for series in series_names(COMPONENTS / "cpython"):
        release = read_release(COMPONENTS / "cpython", series)
        openssl = release.libraries["openssl"].version if release.libraries else read("openssl").version
        sources = "upstream, a pool" if any(source.pool for source in release.sources) else "upstream"
        told.append(f"| {series} | {release.version} | {openssl} | {release.support.end_of_life} | {sources} |")
    assert rows == told
