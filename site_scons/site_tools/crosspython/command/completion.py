"""Completion at the shell: goals, variables and their values, for `scons` and `crosspython`.

The script contains all words, so that pressing Tab starts no program. In a folder without a crosspython.toml, and
without an SConstruct that names crosspython, `scons` completes as before.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from string import Template

from crosspython.builders.front_door import NAMES
from crosspython.builders.settings import COMPONENTS, VARIABLES, Variable
from crosspython.recipes.series import series_names
from crosspython.targets import target_names

# Variables that may also name a TOML file.
_FILES = ("target", "python")
COMMANDS = ("build", "completion", "doctor", "farm", "init", "worker")

_BASH = Template("""\
_crosspython_here() {
    [ -e crosspython.toml ] || grep -qs crosspython SConstruct
}
_crosspython() {
    local line=$${COMP_LINE:0:COMP_POINT} word before=
    word=$${line##*[[:space:]]}
    COMPREPLY=()
    if [ "$$1" = crosspython ] && [ "$$COMP_CWORD" = 1 ]; then
        COMPREPLY=($$(compgen -W "$commands" -- "$$word"))
        return
    fi
    [ "$$1" = crosspython ] || _crosspython_here || return
    case $$COMP_WORDBREAKS in *=*) ;; *) before=$${word%%=*}= ;; esac
    case $$word in
$cases
    *=*)
        local IFS=$$'\\n'
        COMPREPLY=($$(compgen -P "$$before" -f -- "$${word#*=}"))
        compopt -o filenames 2>/dev/null
        ;;
    *)
        COMPREPLY=($$(compgen -W "$goals $variables" -- "$$word"))
        case $${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
        ;;
    esac
}
complete -o default -F _crosspython scons crosspython
""")
_BASH_CASE = '    {name}=*) COMPREPLY=($(compgen -P "$before" -W "{values}" -- "${{word#*=}}"){files}) ;;'
_BASH_FILES = """ $(compgen -P "$before" -f -X '!*.toml' -- "${word#*=}")"""

_ZSH = Template("""\
_crosspython_here() {
    [[ -e crosspython.toml ]] || grep -qs crosspython SConstruct
}
_crosspython() {
    if [[ $$service = crosspython && $$CURRENT = 2 ]]; then
        compadd -- $commands
        return
    fi
    [[ $$service = crosspython ]] || _crosspython_here || { _files; return }
    case $$PREFIX in
$cases
    *=*) compset -P '*='; _files ;;
    *) compadd -- $goals; compadd -S '' -- $variables; _files ;;
    esac
}
compdef _crosspython scons crosspython
""")
_ZSH_CASE = "    {name}=*) compset -P '*='; compadd -- {values}; _files ;;"

_FISH_HEAD = """\
function __crosspython_here
    test -e crosspython.toml; or grep -qs crosspython SConstruct
end
"""


def completion_script(shell: str) -> str:
    """The script that a shell reads. shell: bash, zsh or fish"""
    values = {variable.name: _values(variable) for variable in VARIABLES}
    listed = {name: words for name, words in values.items() if words}
    if shell == "fish":
        return _FISH_HEAD + "\n".join(_fish_lines(listed)) + "\n"
    template, case = {"bash": (_BASH, _BASH_CASE), "zsh": (_ZSH, _ZSH_CASE)}[shell]
    return template.substitute(
        commands=" ".join(COMMANDS),
        goals=" ".join(_goals()),
        variables=" ".join(f"{variable.name}=" for variable in VARIABLES),
        cases="\n".join(
            case.format(name=name, values=" ".join(words), files=_BASH_FILES if name in _FILES else "")
            for name, words in listed.items()
        ),
    )


def _goals() -> list[str]:
    return [name for name in NAMES if not name.startswith("(")]


def _values(variable: Variable) -> tuple[str, ...]:
    """The values to choose from; empty for paths and free text."""
    known = {"target": target_names(), "python": series_names(COMPONENTS / "cpython")}
    return tuple(known.get(variable.name, variable.allowed))


def _fish_lines(listed: Mapping[str, tuple[str, ...]]) -> list[str]:
    lines = [f"complete -c crosspython -n __fish_use_subcommand -xa {shlex.quote(' '.join(COMMANDS))}"]
    for command, condition in (("scons", "__crosspython_here"), ("crosspython", "not __fish_use_subcommand")):
        start = f"complete -c {command} -n {shlex.quote(condition)} -a"
        lines += [f"{start} {goal} -d {shlex.quote(NAMES[goal])}" for goal in _goals()]
        for variable in VARIABLES:
            words = [f"{variable.name}={value}" for value in listed.get(variable.name, ("",))]
            lines.append(f"{start} {shlex.quote(' '.join(words))} -d {shlex.quote(variable.help)}")
    return lines
