"""The report's page: one HTML file with its styles and drawings in it, for any browser, without a network.

It knows HTML and SVG; figures.py computes the figures. Every text of the build is escaped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from crosspython.report.figures import critical_path, lanes_of, mean_busy, time_by_kind
from crosspython.run.console import format_count, format_seconds, format_size
from crosspython.run.journal import Journal, JournalEntry
from crosspython.store.disk import write_whole

_WIDTH, _LANE, _BUSY = 1000, 26, 60
_STYLE = """\
:root { color-scheme: light dark; --line: #8886; --path: #e08a00; }
:root { --built: #3b7dd8; --cache: #4a9d5b; --failed: #c43c3c; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: #fff; }
.axis { stroke: var(--line); } svg .moment { fill: currentColor; }
.built { fill: var(--built); } .cache { fill: var(--cache); } .failed { fill: var(--failed); }
.critical { stroke: var(--path); stroke-width: 3; }
.busy { fill: var(--built); opacity: .35; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
td:first-child, p { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr { break-inside: avoid; } h2 { break-after: avoid; }
@media (max-width: 40rem) {
  body { font-size: 13px; margin: 1rem auto; padding: 0 .6rem; } th, td { padding: .15rem .25rem; }
}
@media print { svg rect, svg polygon { print-color-adjust: exact; } }
"""


def write_page(
    journal: Journal, depends: Mapping[str, Sequence[str]], title: str, facts: Mapping[str, str], path: Path
) -> None:
    """Write the page. depends: what each thing is made of, by title; facts: what built, and for which board"""
    write_whole(path, make_page(journal, depends, title, facts))


def make_page(
    journal: Journal, depends: Mapping[str, Sequence[str]], title: str, facts: Mapping[str, str] | None = None
) -> str:
    """The page as text."""
    entries = sorted((entry for entry in journal.entries if entry.ended), key=lambda entry: entry.started)
    chain = critical_path(entries, depends)
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{escape(_summary(journal, entries))}</p>",
            f"<p>{'<br>'.join(_facts(entries, facts or {}))}</p>",
            "<h2>Timeline</h2>",
            _timeline(journal, entries, chain),
            "<p>Blue was built, green came from the cache, red failed; orange frames are the critical path."
            " Below: how many cores were busy.</p>",
            "<h2>Critical path</h2>",
            f"<p>{escape(' → '.join(f'{entry.title} ({format_seconds(entry.wall)})' for entry in chain))}</p>",
            "<h2>Where the time went</h2>",
            _table(("what", "time"), [(kind, format_seconds(spent)) for kind, spent in time_by_kind(journal).items()]),
            "<h2>What was made</h2>",
            _table(("what", "from", "time", "CPU", "size", "longest step"), [_row(entry) for entry in entries]),
            "</body></html>",
            "",
        )
    )


def _summary(journal: Journal, entries: Sequence[JournalEntry]) -> str:
    hits = sum(entry.origin == "cache" for entry in entries)
    wall = max(entry.ended for entry in entries) - entries[0].started if entries else 0.0
    return (
        f"{format_seconds(wall)} with {format_count(journal.jobs, 'job')};"
        f" {mean_busy(journal):.2f} cores busy on average; {hits} of {len(entries)} from the cache."
    )


def _facts(entries: Sequence[JournalEntry], facts: Mapping[str, str]) -> list[str]:
    """Lines of HTML: when the build began, and the facts."""
    begun = {"begun": f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(entries[0].started))} UTC"} if entries else {}
    return [escape(f"{name}: {text}") for name, text in {**begun, **facts}.items()]


def _row(entry: JournalEntry) -> tuple[str, ...]:
    longest = max(entry.steps, key=lambda step: step.wall, default=None)
    return (
        entry.title,
        entry.origin,
        format_seconds(entry.wall),
        format_seconds(sum(step.cpu for step in entry.steps)) if entry.steps else "",
        format_size(entry.size) if entry.size else "",
        f"{longest.name} {format_seconds(longest.wall)}" if longest else "",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numbers = {"time", "CPU", "size"}
    classes = [' class="number"' if name in numbers else "" for name in head]
    cells = [f"<th{kind}>{escape(name)}</th>" for name, kind in zip(head, classes, strict=True)]
    lines = ["".join(f"<td{kind}>{escape(text)}</td>" for text, kind in zip(row, classes, strict=True)) for row in rows]
    return f"<table><tr>{''.join(cells)}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _timeline(journal: Journal, entries: Sequence[JournalEntry], chain: Sequence[JournalEntry]) -> str:
    if not entries:
        return "<p>Nothing was made.</p>"
    begin = entries[0].started
    scale = _WIDTH / max(max(entry.ended for entry in entries) - begin, 0.001)
    lanes = lanes_of(entries)
    below = len(lanes) * _LANE
    parts = [
        _bar(entry, (entry.started - begin) * scale, scale, number, entry in chain)
        for number, lane in enumerate(lanes)
        for entry in lane
    ]
    parts += [_moment(fraction, scale, below) for fraction in (0.0, 0.25, 0.5, 0.75)]
    heights = [(moment, cores / max(journal.jobs, 1)) for moment, cores in journal.busy if moment >= begin]
    if heights:
        floor = below + 20 + _BUSY
        points = " ".join(
            f"{(moment - begin) * scale:.1f},{floor - _BUSY * min(part, 1.0):.1f}" for moment, part in heights
        )
        first, last = ((moment - begin) * scale for moment in (heights[0][0], heights[-1][0]))
        parts.append(f'<polygon class="busy" points="{first:.1f},{floor} {points} {last:.1f},{floor}"/>')
    return f'<svg viewBox="0 0 {_WIDTH} {below + 25 + _BUSY}" role="img" aria-label="timeline">{"".join(parts)}</svg>'


def _bar(entry: JournalEntry, left: float, scale: float, lane: int, is_critical: bool) -> str:
    width, top = max(entry.wall * scale, 1.0), lane * _LANE + 2
    steps = ", ".join(f"{step.name} {format_seconds(step.wall)}" for step in entry.steps)
    kind = f"{entry.origin}{' critical' if is_critical else ''}"
    name = entry.title if width > 7 * len(entry.title) else ""
    return (
        f"<g><title>{escape(f'{entry.title}: {format_seconds(entry.wall)} {steps}')}</title>"
        f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_LANE - 4}" rx="3"/>'
        f'<text x="{left + 5:.1f}" y="{top + 15}">{escape(name)}</text></g>'
    )


def _moment(fraction: float, scale: float, below: int) -> str:
    left = _WIDTH * fraction
    return (
        f'<line class="axis" x1="{left}" y1="0" x2="{left}" y2="{below + 5}"/>'
        f'<text class="moment" x="{left + 3}" y="{below + 15}">{format_seconds(left / scale)}</text>'
    )
