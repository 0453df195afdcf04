"""The SCons layer: nodes, actions, messages. It does not know how a component is built.
The layers below it do not know SCons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from SCons.Subst import Literal

from crosspython.builders.board import AddBoard
from crosspython.builders.build import Build
from crosspython.builders.by_hand import AddByHand
from crosspython.builders.cache import open_cache
from crosspython.builders.component import AddComponents
from crosspython.builders.guest import lend_methods, make_environment, stop_on_signals
from crosspython.builders.image import AddImage
from crosspython.builders.lock_goals import AddLockGoals
from crosspython.builders.papers import AddPapers
from crosspython.builders.products import AddProducts
from crosspython.builders.project_file import read_project_file
from crosspython.builders.provenance import AddProvenance
from crosspython.builders.refusal import refusing
from crosspython.builders.report import AddReport
from crosspython.builders.reproduce import AddReproduce
from crosspython.builders.schema import AddSchema
from crosspython.builders.scons_internals import added_methods
from crosspython.builders.settings import Settings, read_settings
from crosspython.builders.vulnerabilities import AddVulnerabilities
from crosspython.builders.wheel_check import AddWheelCheck
from crosspython.builders.wheels import AddWheels
from crosspython.errors import ConfigurationError


@refusing
def install_builders(env: Any, given: Mapping[str, Any]) -> None:
    """Lend crosspython's methods to an environment, and put one `Build` under the name CROSSPYTHON. Raises UserError.

    given: variables, which override those of the folder's crosspython.toml

    Further variables for the host's own tools: CROSSPYTHON_SYSROOT (folder), CROSSPYTHON_CFLAGS, CROSSPYTHON_PREFIX.
    """
    folder = Path(env.Dir(".").abspath)
    whole = read_project_file(folder)
    project = whole.without(given)
    with project.naming_lines(folder):
        settings = read_settings(whole.under(given), folder, env.get("ENV", {}))
    if _is_there(env, settings):
        return
    own = make_environment(settings.path)
    own["CROSSPYTHON"] = build = Build(settings, environment=own, host=env, project=project)
    own["PRINT_CMD_LINE_FUNC"] = lambda line, *_: build.run.console.line(
        line
    )  # SCons would write into the line of progress
    open_cache(own)
    if settings.farm is not None:
        from crosspython.builders.farm import open_farm  # not needed without a farm

        open_farm(build)
    scons_own = added_methods(own)
    AddComponents(own)
    AddProducts(own)
    AddReport(own)
    AddReproduce(own)
    AddSchema(own)
    AddWheels(own)
    AddByHand(own)
    AddImage(own)
    AddLockGoals(own)
    AddPapers(own)
    AddProvenance(own)
    AddVulnerabilities(own)
    AddBoard(own)
    AddWheelCheck(own)
    lend_methods([wrapper for wrapper in added_methods(own) if wrapper not in scons_own], env)
    env["CROSSPYTHON"] = build
    sysroot = str(settings.sysroot)
    env["CROSSPYTHON_SYSROOT"] = Literal(sysroot) if "$" in sysroot else sysroot
    env["CROSSPYTHON_CFLAGS"] = list(settings.target.cflags)
    env["CROSSPYTHON_PREFIX"] = settings.target.prefix
    stop_on_signals()


def _is_there(env: Any, settings: Settings) -> bool:
    """Whether this environment already has crosspython with the same settings. A clone of an environment that has it
    does not count. Raises ConfigurationError where the settings differ."""
    build = env.get("CROSSPYTHON")
    if build is None or build.host is not env:
        return False
    if build.settings != settings:
        raise ConfigurationError(
            "crosspython is set up twice in one environment, in two ways",
            expected=f"one target and one Python for each environment: it has {build.settings.describe()}",
            found=settings.describe(),
            next='other = env.Clone(); other.Tool("crosspython", ...)',
        )
    return True
