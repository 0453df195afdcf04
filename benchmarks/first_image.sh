#!/usr/bin/env bash
# From a clone of this repository to an application on the virtual board: what each command takes.
#
#     . .venv/bin/activate && benchmarks/first_image.sh HOME_FOLDER
#
# HOME_FOLDER: the caches are in it. A new folder: with empty caches; the same folder again: with full ones.
# A Markdown table goes to standard output: seconds of wall clock, CPU seconds in user and in kernel mode.
set -euo pipefail
mkdir -p "$1"
home=$(realpath "$1") work=$(mktemp -d)
cd "$(dirname "$0")/.."

PYTHONPATH=site_scons/site_tools python -m tests.board.start >"$work/board" &
board=$!
trap 'kill $board; wait $board || true; rm -rf "$work"' EXIT
until grep -q 'Ctrl-C' "$work/board"; do kill -0 $board && sleep 1; done
ssh=$(sed -n 's/^a shell on it: *//p' "$work/board")

git clone --quiet . "$work/crosspython"
mkdir -p "$work/loggerd/src/loggerd"
cat >"$work/loggerd/pyproject.toml" <<END
[project]
name = "loggerd"
version = "0.3"
dependencies = ["bitarray==3.12.3", "lz4==4.4.5"]

[project.scripts]
loggerd = "loggerd:main"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
END
cat >"$work/loggerd/src/loggerd/__init__.py" <<END
import platform, bitarray, lz4.frame


def main():
    bits = bitarray.bitarray("1011" * 1000)
    print(platform.machine(), len(lz4.frame.compress(bits.tobytes())))
END

export HOME=$home XDG_CACHE_HOME=$home/.cache
measure() {
    local TIMEFORMAT="| $1 | %1R | %1U + %1S |"
    { time eval "$2" >"$work/output" 2>&1 || { cat "$work/output"; exit 1; }; } 2>&1
}
echo "| command | wall s | CPU s |"
echo "| --- | --- | --- |"
cd "$work/crosspython"
measure '`./setup`' ./setup
. .venv/bin/activate
cd "$work/loggerd"
measure '`crosspython init`' "crosspython init"
measure '`scons image`' "scons image"
measure 'unpacked on the board' "$ssh 'tar -C /opt -xz' <build/rv1126/python-image-*.tar.gz"
measure 'its program, the first start' "$ssh /opt/python/bin/loggerd"
grep -q '^armv7l ' "$work/output"
measure '`scons image`, nothing to do' "scons image"
sed -i 's/1000/2000/' src/loggerd/__init__.py
measure '`scons image`, the application changed' "scons image"
