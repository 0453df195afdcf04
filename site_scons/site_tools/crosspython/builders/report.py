"""`scons report`: a picture of the last build that made something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.documents import common_fields, tell_document
from crosspython.builders.toolchain import describe_boards, known_toolchain
from crosspython.errors import ConfigurationError
from crosspython.run.journal import Journal, read_journal
from crosspython.version import VERSION

if TYPE_CHECKING:
    from crosspython.documents import Document


def AddReport(env: Any) -> None:
    env.AddMethod(Report)


def Report(env: Any) -> Any:
    """Draw build/<target>/report.html. Returns an alias: it is drawn again each time that it is asked for."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    name = f"crosspython-report-{settings.target.name}"

    def report(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.report.page import write_page

        times, page = settings.folder / "times.json", settings.folder / "report.html"
        journal = read_journal(times)
        if journal is None:
            raise ConfigurationError(
                "there is no build to report about",
                expected=f"{times}, which a build writes",
                next=f"scons target={settings.target.name}, and then scons report",
            )
        depends = _depends(build)
        whole = {entry.title: list(depends) for entry in journal.entries if entry.title not in depends}
        write_page(journal, depends | whole, f"crosspython: {settings.target.name}", _facts(build), page)
        build.run.console.line(f"  {page}")
        if settings.format == "json":
            tell_document(_document(build, journal, page))

    return env.AlwaysBuild(env.Alias(name, [], make_action("report", report, None)))


def _document(build: Build, journal: Journal, page: Path) -> Document:
    import crosspython.documents as documents

    products = [
        documents.MadeProduct(
            each.title,
            each.origin,
            each.started,
            each.ended,
            each.size,
            [documents.MadeStep(step.name, step.wall, step.cpu) for step in each.steps],
        )
        for each in journal.entries
    ]
    return documents.Report(**common_fields(build.settings), page=str(page), jobs=journal.jobs, products=products)


def _facts(build: Build) -> dict[str, str]:
    """The board, the toolchain if it is known, Python and crosspython."""
    settings, toolchain = build.settings, known_toolchain(build)
    facts = {"board": f"{settings.target.name} ({settings.target.description})"}
    if toolchain is not None:
        facts |= {"products": describe_boards(build, toolchain), "toolchain": toolchain.describe()}
    return facts | {"Python": settings.release.version, "crosspython": VERSION}


def _depends(build: Build) -> dict[str, list[str]]:
    """The dependencies of each component, by title."""
    titles = {name: component.recipe.title for name, component in build.components.items()}
    return {
        component.recipe.title: [titles[name] for name in component.recipe.depends]
        for component in build.components.values()
    }
