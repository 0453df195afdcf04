#!/bin/sh
# installer 0.7.0, pip 25.3, uv 0.9.13, importlib.metadata of the standard library: entry_points.txt of a wheel.
#
# The entry points specification says that the file is read as configparser reads it. For configparser a line with a deeper
# indent belongs to the value before it. importlib.metadata strips every line, and so do pip and uv: the file below holds two
# programs for them, and both are installed. installer reads it by configparser: one entry whose value has two lines, which
# is no reference to an object, so it ends with an AssertionError and installs neither. Which programs a wheel has depends on
# who installs it.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==25.3
venv/bin/pip install --quiet --disable-pip-version-check installer==0.7.0 uv==0.9.13
python3 - <<'P'
import base64
import hashlib
import zipfile

files = {
    "toy.py": "def main(): print('main')\ndef other(): print('other')\n",
    "toy-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n",
    "toy-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "toy-1.0.dist-info/entry_points.txt": "[console_scripts]\ntoy = toy:main\n  toy-other = toy:other\n",
}
record = ""
for name, text in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    record += f"{name},sha256={digest},{len(text)}\n"
files["toy-1.0.dist-info/RECORD"] = record + "toy-1.0.dist-info/RECORD,,\n"
with zipfile.ZipFile("toy-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
P
for peer in pip uv installer; do python3 -m venv --without-pip "$peer"; done
venv/bin/pip --python pip/bin/python install --quiet --disable-pip-version-check toy-1.0-py3-none-any.whl
venv/bin/uv pip install --quiet --python uv/bin/python toy-1.0-py3-none-any.whl
status=0
venv/bin/python -m installer --destdir out --prefix / toy-1.0-py3-none-any.whl > installer.log 2>&1 || status=$?
for peer in pip uv; do echo "$peer: $(ls "$peer/bin" | grep '^toy' | tr '\n' ' ')"; done
echo "installer: exit status $status, $(tail -n 1 installer.log)"
pip/bin/python -c 'import importlib.metadata as m; print("importlib.metadata:", [e.name for e in m.distribution("toy").entry_points])'
[ "$(ls pip/bin | grep -c '^toy')" = 2 ] && [ "$(ls uv/bin | grep -c '^toy')" = 2 ]
[ "$status" -ne 0 ] && grep -q AssertionError installer.log
