"""The commands of `crosspython`: `init` makes a project, `build` is scons, `doctor` checks the machine, `completion` is
for shells.

Modules that only one command needs are imported in its function, so that each command starts fast.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from crosspython.errors import ConfigurationError, CrosspythonError
from crosspython.version import VERSION

TEMPLATE = Path(__file__).resolve().parent / "data"
# The files that SCons searches in a folder (SCons/Script/Main.py, KNOWN_SCONSTRUCT_NAMES).
_SCRIPTS = [f"{name}{suffix}" for suffix in ("", ".py") for name in ("SConstruct", "Sconstruct", "sconstruct")]
# SCons's options that say where the SConstruct is (scons(1)).
_PLACES = ("-f", "--file", "--makefile", "--sconstruct", "-C", "--directory", "-D", "-u", "-U", "--up", "--search-up")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. Returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["build"]:
        _build(words[1:])
    parser = _parser(with_variables=words[:1] == ["init"])
    chosen = parser.parse_args(words)
    try:
        if chosen.command == "init":
            return _init(chosen)
        if chosen.command == "doctor":
            return _diagnose(chosen.variables)
        if chosen.command == "worker":
            return _work(chosen)
        if chosen.command == "farm":
            return _tell_farm(chosen.scheduler)
        if chosen.command == "completion":
            return _complete(chosen.shell)
    except CrosspythonError as error:
        print(f"crosspython: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"crosspython: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    parser.print_help()
    return 0


def _parser(*, with_variables: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "crosspython", description="Any Python, with any package, on any embedded Linux board."
    )
    parser.add_argument("--version", action="version", version=f"crosspython {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    init = commands.add_parser("init", help="make a project: SConstruct, crosspython.toml, an example application")
    init.add_argument(
        "folder", nargs="?", default=".", metavar="FOLDER", help="the project's folder; without it, the current one"
    )
    init.add_argument("--name", help="the example's name; without it, the folder's")
    init.add_argument("--no-example", action="store_true", help="without the example")
    init.add_argument(
        "--ci",
        choices=("github", "gitlab", "none"),
        default="github",
        help="the CI service to write a file for; without it, github",
    )
    if with_variables:
        from crosspython.builders.settings import VARIABLES

        for variable in VARIABLES:
            about = variable.help.replace("%", "%%")
            init.add_argument(f"--{variable.name.replace('_', '-')}", dest=f"={variable.name}", metavar="X", help=about)
    doctor = commands.add_parser(
        "doctor", help="name the programs that this machine lacks, and the command that installs them"
    )
    doctor.add_argument(
        "variables", nargs="*", metavar="VARIABLE=VALUE", help="variables as for scons, such as target=rk3568"
    )
    completion = commands.add_parser(
        "completion", help="print the script that completes goals and variables in a shell"
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    worker = commands.add_parser("worker", help="build for others, by a scheduler of Dask: docs/farm.md")
    worker.add_argument(
        "--scheduler", required=True, metavar="ADDRESS", help="tls://HOST:8786, or tcp://127.0.0.1:8786"
    )
    worker.add_argument("--cores", type=int, default=os.cpu_count() or 1, metavar="N", help="how many cores to use")
    worker.add_argument("--memory", default="", metavar="SIZE", help="how much memory to use: 8G; without it, all")
    worker.add_argument("--folder", metavar="FOLDER", help="where to build; without it, in the user's cache")
    worker.add_argument(
        "variables", nargs="*", metavar="VARIABLE=VALUE", help="as for scons; cache=http://... is needed"
    )
    farm = commands.add_parser("farm", help="tell the workers of a scheduler, and what they build now")
    farm.add_argument("--scheduler", required=True, metavar="ADDRESS", help="tls://HOST:8786, or tcp://127.0.0.1:8786")
    commands.add_parser(
        "build", help="run scons; in a folder without an SConstruct, with that of crosspython", add_help=False
    )
    return parser


def _init(chosen: argparse.Namespace) -> int:
    from crosspython.command.new_project import make_project

    variables = {name[1:]: value for name, value in vars(chosen).items() if name.startswith("=") and value is not None}
    folder = Path(chosen.folder)
    for line in make_project(folder, variables, name=chosen.name, ci=chosen.ci, example=not chosen.no_example):
        print(line)
    itself = "crosspython" if Path(sys.argv[0]).name == "crosspython" else f"{sys.executable} -m crosspython"
    way = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    print(f"next:  {way}{itself} build image")
    return 0


def _read_variables(command: str, words: Sequence[str]) -> dict[str, str]:
    """The variables that the words behind a command set. Raises ConfigurationError."""
    if wrong := [word for word in words if "=" not in word]:
        raise ConfigurationError(
            f"{command}: {' '.join(wrong)}: not a variable with a value", expected="VARIABLE=VALUE"
        )
    return dict(word.split("=", 1) for word in words)


def _diagnose(words: Sequence[str]) -> int:
    from crosspython.builders.products import diagnose
    from crosspython.builders.project_file import read_project_file
    from crosspython.builders.settings import read_settings

    given = _read_variables("doctor", words)
    here = Path.cwd()
    project = read_project_file(here)
    with project.without(given).naming_lines(here):
        settings = read_settings(project.under(given), here, os.environ)
        others = [read_settings({**project.under(given), "target": each}, here, os.environ) for each in settings.others]
    for each in (settings, *others):
        diagnose(each, print)
    return 0


def _work(chosen: argparse.Namespace) -> int:
    from crosspython.builders.settings import USERS_FOLDER, read_settings, read_size
    from crosspython.farm.address import require_address
    from crosspython.farm.engine import require_distributed
    from crosspython.run.lock import BuildLock

    require_address(chosen.scheduler, f"--scheduler {chosen.scheduler}")
    if chosen.cores < 1:
        raise ConfigurationError(f"--cores {chosen.cores}: nothing could be built", expected="1 or more")
    require_distributed("crosspython worker")
    from crosspython.farm.worker import work

    variables = {"cache_write": "all", **_read_variables("worker", chosen.variables)}
    settings = read_settings(variables, Path.cwd(), os.environ)
    if not settings.cache.is_shared:
        raise ConfigurationError("worker: no cache in which others find what it builds", expected="cache=http://...")
    folder = Path(chosen.folder or f"{USERS_FOLDER}/worker").expanduser().resolve()
    memory = read_size("--memory", chosen.memory) if chosen.memory else None
    with BuildLock(folder):
        work(chosen.scheduler, folder, variables, chosen.cores, memory)
    return 0


def _tell_farm(address: str) -> int:
    from crosspython.farm.address import require_address
    from crosspython.farm.engine import require_distributed

    require_address(address, f"--scheduler {address}")
    require_distributed("crosspython farm")
    from crosspython.farm.overview import ask_farm

    print("\n".join(ask_farm(address)))
    return 0


def _complete(shell: str) -> int:
    from crosspython.command.completion import completion_script

    print(completion_script(shell), end="")
    return 0


def _build(words: Sequence[str]) -> None:
    """Replace this process by scons, with our own SConstruct if the folder has none."""
    has_own = any(Path(name).exists() for name in _SCRIPTS) or any(word.startswith(_PLACES) for word in words)
    script = [] if has_own else ["-f", str(TEMPLATE / "SConstruct")]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "SCons", *script, *words])
