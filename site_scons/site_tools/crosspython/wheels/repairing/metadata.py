"""Corrects the METADATA (PEP 566) of a built wheel for the board's pip."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement

from crosspython.wheels.repairing.archive import WheelTree

_FIELD = "Requires-Dist:"


def name_packages_only(tree: WheelTree) -> list[str]:
    """Let a wheel need packages by their names where it names places of this machine or of the network.
    Returns remarks.

    Poetry's path dependencies and hatch's {root:uri} are written so into METADATA; the wheelhouse has these packages.
    """
    file = tree.dist_info / "METADATA"
    head, blank, body = file.read_text(encoding="utf-8", errors="surrogateescape").partition("\n\n")
    lines, remarks = [], []
    for line in head.split("\n"):
        need = _read_line(line)
        if need is not None and need.url is not None:
            remarks.append(f"its METADATA named {need.name} by the address {need.url}, and now names the package alone")
            need.url = None
            line = f"{_FIELD} {need}"
        lines.append(line)
    if remarks:
        file.write_text("\n".join(lines) + blank + body, encoding="utf-8", errors="surrogateescape")
    return remarks


def _read_line(line: str) -> Requirement | None:
    if not line.startswith(_FIELD):
        return None
    try:
        return Requirement(line.removeprefix(_FIELD).strip())
    except InvalidRequirement:
        return None
