"""The report: lanes, the critical path and sums are right, and no text of a build can break the page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from crosspython.report.figures import critical_path, kind_of, lanes_of, mean_busy, time_by_kind
from crosspython.report.page import make_page
from crosspython.run.journal import Journal, JournalEntry
from crosspython.run.log import StepCost


def entry(title: str, started: float, ended: float, origin: str = "built", *steps: StepCost) -> JournalEntry:
    return JournalEntry(title, started, list(steps), ended, origin, 1000)


BASE, SLOW, TOP = entry("base", 0, 10), entry("slow", 0, 30), entry("top", 30, 50)


def test_things_made_side_by_side_have_lanes_of_their_own() -> None:
    assert lanes_of([BASE, SLOW, TOP]) == [[BASE, TOP], [SLOW]]


def test_the_critical_path_goes_through_what_was_waited_for() -> None:
    assert critical_path([BASE, SLOW, TOP], {"top": ["base", "slow"]}) == [SLOW, TOP]


def test_the_critical_path_goes_through_a_wait_for_a_core() -> None:
    late = entry("late", 10.1, 45)
    assert critical_path([BASE, late], {}) == [BASE, late]


def test_nothing_has_no_critical_path() -> None:
    assert critical_path([], {}) == []


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("configure", "configure"),
        ("answers", "configure"),
        ("make", "compile and link"),
        ("wait for build-python", "wait"),
        ("pack", "finish, audit and pack"),
    ],
)
def test_steps_have_kinds(step: str, kind: str) -> None:
    assert kind_of(step) == kind


def test_time_is_added_by_kind_and_the_most_comes_first() -> None:
    journal = Journal(
        entries=[
            entry("a", 0, 10, "built", StepCost("configure", 0, wall=3), StepCost("make", 3, wall=7)),
            entry("b", 0, 2, "cache"),
        ]
    )
    assert list(time_by_kind(journal).items()) == [("compile and link", 7), ("configure", 3), ("cache", 2)]


def test_what_make_does_is_divided_as_compilers_and_linkers_were_seen() -> None:
    steps = (
        StepCost("make", 0, wall=8, compiling=6, linking=2),
        StepCost("configure", 8, wall=3, compiling=1, linking=1),
    )
    journal = Journal(entries=[entry("a", 0, 11, "built", *steps)])
    assert time_by_kind(journal) == {"compile": 6, "configure": 3, "link": 2}


def test_the_mean_of_busy_cores() -> None:
    assert mean_busy(Journal(busy=[(0, 1), (1, 2)])) == 1.5
    assert mean_busy(Journal()) == 0


class Page(HTMLParser):
    """Counts tags, so that unclosed ones are found at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [value for name, value in attributes if name in ("src", "href")], "the page asks for another file"
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    journal = Journal(2, [BASE, SLOW, TOP, entry("zlib", 1, 2, "cache")], [(0, 2), (50, 1)])
    page = Page()
    page.feed(make_page(journal, {"top": ["slow"]}, "crosspython: rv1126"))
    assert page.open == []
    assert page.seen.count("rect") == 4
    assert "polygon" in page.seen


def test_the_page_says_when_and_with_what_it_was_built() -> None:
    text = make_page(Journal(1, [entry("zlib", 86400, 86402)]), {}, "x", {"toolchain": "gcc <14>"})
    assert "<p>begun: 1970-01-02 00:00 UTC<br>toolchain: gcc &lt;14&gt;</p>" in text
    assert "with 1 job;" in text


def test_no_text_of_a_build_is_markup() -> None:
    evil = "<script>alert(1)</script>"
    text = make_page(Journal(1, [entry(evil, 0, 1, "built", StepCost(evil, 0, wall=1))]), {}, evil)
    assert "<script>" not in text


def test_a_build_that_made_nothing_has_a_page() -> None:
    assert "Nothing was made" in make_page(Journal(), {}, "x")
