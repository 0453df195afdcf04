"""`scons schema`: a JSON Schema of the project's file, with which editors complete and check it."""

from __future__ import annotations

from typing import Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.project_file import project_class


def AddSchema(env: Any) -> None:
    env.AddMethod(Schema)


def Schema(env: Any) -> Any:
    """Write crosspython.schema.json into the build folder. Returns an alias: it is written again each time that it is
    asked for."""
    build: Build = env["CROSSPYTHON"]
    file = build.settings.build / "crosspython.schema.json"

    def schema(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.store.disk import write_whole

        write_whole(file, project_schema())
        build.run.console.line(f"  {file}")

    return env.AlwaysBuild(env.Alias("crosspython-schema", [], make_action("schema", schema, None)))


def project_schema() -> str:
    """The schema, as JSON Schema 2020-12 (json-schema.org/draft/2020-12)."""
    import json

    import msgspec

    kind = project_class()
    found = msgspec.json.schema(kind)["$defs"][kind.__name__]
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "crosspython.toml, or [tool.crosspython] in pyproject.toml",
    }
    return json.dumps(whole, indent=2) + "\n"
