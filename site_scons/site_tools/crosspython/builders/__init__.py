"""The SCons layer: nodes, actions, messages. It knows nothing of configure, and everything below it nothing of SCons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import SCons.Errors

from crosspython.builders.action import has_changed
from crosspython.builders.build import Build
from crosspython.builders.component import AddComponents
from crosspython.builders.products import AddProducts
from crosspython.builders.settings import read_settings
from crosspython.errors import CrosspythonError


def install_builders(env: Any, given: Mapping[str, Any]) -> None:
    """Add crosspython's methods to an environment, and one `Build` under the name CROSSPYTHON. Raises UserError."""
    try:
        settings = read_settings(given, Path(env.Dir(".").abspath), env["ENV"])
    except CrosspythonError as error:
        raise SCons.Errors.UserError(str(error)) from None
    env["CROSSPYTHON"] = Build(settings)
    env.Decider(has_changed)
    AddComponents(env)
    AddProducts(env)
