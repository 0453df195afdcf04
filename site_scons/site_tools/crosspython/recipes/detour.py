"""The first lines of a script that finds its interpreter relative to its own folder: a shell reads them as commands,
and Python reads them as a string.

The tree may be moved, and may be reached through a link to its folder. The interpreter is then started by the path with
the link: on a board, each deployment changes the real folder's name, and the paths that pip writes have to stay valid.
Pure text.
"""

from __future__ import annotations

# A shell reads `''':'` as the command `:`, and Python reads it as the start of a string. A link to the script itself is
# followed to its real folder (`cd -P`). For the folders above, `cd` and `pwd` keep the path as given, with its links.
# The variables have names that nobody exports.
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
