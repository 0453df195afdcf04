"""The stub of an environment's methods, made of the methods themselves.

`PYTHONPATH=site_scons/site_tools python -m tests.unit.made_stub` writes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

import SCons.Environment
from crosspython.builders import install_builders
from crosspython.builders.scons_internals import added_methods
from crosspython.recipes.kinds import KINDS
from msgspec import NODEFAULT
from msgspec.structs import fields

from tests.conftest import TOOLS

STUB = TOOLS / "crosspython/environment.pyi"
_HEAD = '''\
"""An environment with crosspython's methods, for editors and type checkers; tests/unit/made_stub.py writes this file.

    import crosspython
    env: crosspython.Environment = Environment(tools=[])
    env.Tool("crosspython", target="rk3568")
"""

from collections.abc import Mapping, Sequence
from typing import Any

import SCons.Environment

class Environment(SCons.Environment.Base):  # type: ignore[misc]
'''


def make_stub() -> str:
    """The text of the stub."""
    env = SCons.Environment.Environment(tools=[])
    of_scons = added_methods(env)
    install_builders(env, {})
    methods = [wrapper for wrapper in added_methods(env) if wrapper not in of_scons]
    return _HEAD + "\n".join(_method(wrapper.name, wrapper.method) for wrapper in methods)


def _method(name: str, method: Callable[..., Any]) -> str:
    kind, document = KINDS.get(name), inspect.getdoc(method) or ""
    signature = inspect.signature(inspect.unwrap(method))
    parameters = _of_recipe(kind) if kind else ["self", *map(_of_method, [*signature.parameters.values()][1:])]
    returns = "Any" if kind else signature.return_annotation
    lines = [f"    def {name}({', '.join(parameters)}) -> {returns}:"]
    if document:
        first, *rest = document.replace("\\", "\\\\").splitlines()
        lines += [f'        """{first}', *(f"        {line}".rstrip() for line in rest)]
        lines[-1] += '"""' if len(lines) == 2 else '\n        """'
    return "\n".join([*lines, ""] if document else [*lines[:-1], f"{lines[-1]} ...", ""])


def _of_method(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _of_recipe(kind: type[Any]) -> list[str]:
    """A recipe's fields: name and version as they are usually given, the others by keyword."""
    given = {field.name: field for field in fields(kind)}
    first = [name for name in ("name", "version") if name in given]
    stated = [f"{name}: {_type(given[name].type)}" for name in first]
    others = [
        f"{field.encode_name}: {_type(field.type)}"
        + ("" if field.default is NODEFAULT and field.default_factory is NODEFAULT else " = ...")
        for name, field in given.items()
        if name not in first
    ]
    return ["self", *stated, *(["*", *others] if others else [])]


def _type(kind: Any) -> str:
    text = str(kind)
    if kind is bool or "bool" in map(str, get_args(kind)):
        return "bool"
    for found, name in (("Mapping", "Mapping[str, Any]"), ("tuple", "Sequence[Any]"), ("list", "Sequence[Any]")):
        if found in text:
            return name
    return "str" if "str" in text else "Any"


def main() -> None:
    STUB.write_text(make_stub())


if __name__ == "__main__":
    main()
