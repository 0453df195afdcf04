"""How a script finds its interpreter from where it lies: a head that is a shell's commands, and a string to Python.

The tree may be moved, and may be reached through a link to its folder. The interpreter is then started by the link's
name: on a board the folder behind it has another name after each deployment, and the paths that pip writes have to stay
valid. Pure text.
"""

from __future__ import annotations

# `''':'` is the command `:` to a shell, and the start of a string to Python. A link to the script itself is followed,
# its folder really where it is; `cd` and `pwd` take the folders above as they are called. The names are ones that
# nobody exports.
_DETOUR = """\
''':'
_script=$0
while [ -h "$_script" ]; do
    _to=$(readlink -- "$_script")
    case $_to in
        /*) _script=$_to ;;
        */*) _script=$(CDPATH= cd -P -- "$(dirname -- "$_script")" && pwd)/$_to ;;
        *) _script=$(dirname -- "$_script")/$_to ;;
    esac
done
exec "$(CDPATH= cd -- "$(dirname -- "$_script")/{to_bin}" && pwd)/{name}"{arguments} "$0" "$@"
'''
"""


def write_detour(name: str, arguments: str = "", *, to_bin: str = ".") -> str:
    """The lines that follow `#!/bin/sh`.

    name: the interpreter's, in the folder with the programs
    to_bin: the way there from the script's folder ("." or "../../bin")
    """
    return _DETOUR.format(name=name, arguments=f" {arguments}" if arguments else "", to_bin=to_bin)
