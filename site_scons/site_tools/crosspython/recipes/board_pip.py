"""Edits of the pip that comes with CPython, so that the programs it installs on a board still start after a deployment.

pip writes `sys.executable` into each script. But a script beside the interpreter should search the interpreter there:
then the tree can be moved, as with the bundle's own scripts (docs/decisions/0026). In a venv, and in all other folders,
pip is unchanged. The edited files of pip are the same in all series; pure text.
"""

from __future__ import annotations

from crosspython.recipes.detour import write_detour
from crosspython.recipes.plan import Edit

# Entry points: distlib's ScriptMaker, which pip vendors.
_SHEBANG = """\
        beside = os.path.join(sys.prefix, 'bin')
        if (sys.prefix == sys.base_prefix and not self.executable
                and os.path.exists(os.path.join(beside, '{name}'))
                and os.path.realpath(self.target_dir) == os.path.realpath(beside)):
            return b'#!/bin/sh\\n' + {before!r} + post_interp + {after!r}
        if os.name != 'posix':"""
# Scripts that a wheel brings as they are. What must stand at a file's top cannot be below the shell's lines.
_FIX_SCRIPT = """\
        rest = script.read()
        if not re.match(rb'[ \\t\\f]*#.*?coding[:=]', rest) and b'__future__' not in rest:
            maker = ScriptMaker(None, os.path.dirname(os.path.abspath(path)))
            firstline = maker._build_shebang(exename, b'').rstrip(b'\\n') + b'\\n'"""


def edit_pip(interpreter: str) -> tuple[Edit, ...]:
    """Edits by paths in pip's wheel. `interpreter` is the program's name, "python3.13"."""
    before, _, after = write_detour(interpreter).partition(' "$0"')
    shebang = _SHEBANG.format(name=interpreter, before=before.encode(), after=f' "$0"{after}'.encode())
    return (
        Edit("pip/_vendor/distlib/scripts.py", r"^        if os\.name != 'posix':$", shebang),
        Edit("pip/_internal/operations/install/wheel.py", r"^        rest = script\.read\(\)$", _FIX_SCRIPT),
    )
