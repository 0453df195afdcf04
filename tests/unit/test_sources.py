"""A source's names: in the store, and on a mirror."""

from __future__ import annotations

import pytest
from crosspython.store.sources import Source


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (Source("0", "https://h/x-1.tar.gz"), ("x-1.tar.gz",)),
        (Source("0", "https://h/x-1.tar.gz?raw=true#top"), ("x-1.tar.gz",)),
        (Source("0", None, "x/x/x_1.orig.tar.gz"), ("x_1.orig.tar.gz",)),
        (Source("0", "https://h/x-1.tar.gz", "x/x/x_1.orig.tar.gz"), ("x-1.tar.gz", "x_1.orig.tar.gz")),
        (Source("0", "https://h/.."), ("0",)),
    ],
)
def test_upstreams_name_comes_first(source: Source, names: tuple[str, ...]) -> None:
    assert source.filenames == names
