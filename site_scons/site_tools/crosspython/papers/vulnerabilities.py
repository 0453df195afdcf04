"""The known vulnerabilities of the products' parts, and which of them are patched or closed by a VEX statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crosspython.papers.advisories import SEVERITIES, Advisory, judge
from crosspython.papers.part import Part
from crosspython.papers.vex import VexStatement

# The states of a vulnerability: open; fixed by a patch of ours; closed by a VEX statement; or it is not known whether
# the part is affected.
OPEN, PATCHED, STATED, UNDECIDED = "open", "patched", "closed by a VEX statement", "undecided"


@dataclass(frozen=True)
class FoundVulnerability:
    """A vulnerability of a part. state: one of the above; fixed: versions of the part without it."""

    part: str
    id: str
    names: tuple[str, ...]
    severity: str
    state: str
    fixed: tuple[str, ...]
    summary: str

    def line(self) -> str:
        others = [name for name in self.names if name != self.id]
        known = f" ({', '.join(others)})" if others else ""
        fixed = f"; fixed in {', '.join(self.fixed)}" if self.fixed else ""
        return f"{self.severity:<8} {self.part}: {self.id}{known} {self.summary}".rstrip() + fixed


def find_vulnerabilities(
    parts: Sequence[Part], advisories: Iterable[Advisory], statements: Sequence[VexStatement]
) -> list[FoundVulnerability]:
    """All findings, the worst first. Advisories of several databases about one vulnerability become one finding."""
    found: dict[tuple[str, str], FoundVulnerability] = {}
    for advisory in advisories:
        for part in parts:
            judgement = judge(part, advisory)
            if judgement is None:
                continue
            state = _state(part, advisory, statements) or (OPEN if judgement.is_certain else UNDECIDED)
            finding = FoundVulnerability(
                part=part.title,
                id=advisory.id,
                names=advisory.names,
                severity=advisory.severity,
                state=state,
                fixed=judgement.fixed,
                summary=advisory.summary,
            )
            _keep(found, finding)
    ranks = {severity: -rank for rank, severity in enumerate(SEVERITIES)}
    return sorted({id(each): each for each in found.values()}.values(), key=lambda f: (ranks[f.severity], f.part, f.id))


def _keep(found: dict[tuple[str, str], FoundVulnerability], finding: FoundVulnerability) -> None:
    """Keep one finding for all names of a vulnerability. A certain one is preferred, then one with a known severity,
    then the worst."""
    keys = [(finding.part, name) for name in finding.names]
    known = next((found[key] for key in keys if key in found), None)
    if known is not None:
        names = tuple(dict.fromkeys([*known.names, *finding.names]))
        best = min(known, finding, key=_weight)
        finding = FoundVulnerability(**{**asdict(best), "names": names, "fixed": best.fixed})
        keys = [(finding.part, name) for name in names]
    for key in keys:
        found[key] = finding


def _weight(finding: FoundVulnerability) -> tuple[bool, bool, int]:
    return finding.state == UNDECIDED, finding.severity == "unknown", -_rank(finding.severity)


def count_states(findings: Iterable[FoundVulnerability]) -> str:
    """One line: how many there are of each state, the open ones by severity."""
    findings = list(findings)
    states = Counter(finding.state for finding in findings)
    severities = Counter(finding.severity for finding in findings if finding.state == OPEN)
    by_severity = ", ".join(f"{severities[each]} {each}" for each in reversed(SEVERITIES) if severities[each])
    told = [f"{states[OPEN]} open" + (f" ({by_severity})" if by_severity else "")]
    told += [f"{states[state]} {state}" for state in (PATCHED, STATED, UNDECIDED) if states[state]]
    return ", ".join(told)


def at_least(findings: Iterable[FoundVulnerability], severity: str) -> list[FoundVulnerability]:
    """The open findings of a severity or a worse one; of "never" none."""
    if severity == "never":
        return []
    return [each for each in findings if each.state == OPEN and _rank(each.severity) >= _rank(severity)]


def describe_findings(findings: Sequence[FoundVulnerability]) -> dict[str, Any]:
    """The findings as plain data, for a file."""
    return {"summary": count_states(findings), "findings": [asdict(finding) for finding in findings]}


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def _state(part: Part, advisory: Advisory, statements: Sequence[VexStatement]) -> str:
    mended = {name for change in part.changes for name in change.mends}
    if not mended.isdisjoint(advisory.names):
        return PATCHED
    return STATED if any(statement.closes(part, advisory.names) for statement in statements) else ""
