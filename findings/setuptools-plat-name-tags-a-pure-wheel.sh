#!/bin/sh
# setuptools 80.9.0, bdist_wheel's plat_name.
#
# Cross builders set plat_name (by DIST_EXTRA_CONFIG, which reaches every build of a run) so that wheels with compiled code
# get the board's tag. setuptools gives that tag to a wheel without any compiled code, too: py3-none-linux_armv7l, while its
# WHEEL file still says Root-Is-Purelib: true. Without plat_name the same project is py3-none-any.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir project
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check setuptools==80.9.0 build==1.3.0
printf '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "toy"\nversion = "1"\n' \
    > project/pyproject.toml
echo 'answer = 42' > project/toy.py
printf '[bdist_wheel]\nplat_name = linux_armv7l\n' > board.cfg
venv/bin/python -m build --wheel --no-isolation --outdir plain project > log 2>&1 || { cat log; exit 1; }
rm -rf project/build
DIST_EXTRA_CONFIG="$work/board.cfg" venv/bin/python -m build --wheel --no-isolation --outdir named project > log 2>&1 || {
    cat log
    exit 1
}
ls plain named
venv/bin/python -m zipfile -e named/*.whl unpacked
cat unpacked/toy-1.dist-info/WHEEL
[ -f plain/toy-1-py3-none-any.whl ] && [ -f named/toy-1-py3-none-linux_armv7l.whl ]
grep -q 'Root-Is-Purelib: true' unpacked/toy-1.dist-info/WHEEL
