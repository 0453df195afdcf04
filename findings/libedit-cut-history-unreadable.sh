#!/bin/sh
# libedit's readline interface (Debian's libedit2 3.1-20221030-2; the same in 20250104): history_truncate_file().
#
# A history file of libedit begins with the line _HiStOrY_V2_, and read_history() refuses a file without it. history_truncate_file()
# keeps the last N lines of the file and nothing before them, so that line is cut off: write, cut and read again, each by libedit
# itself, ends with EINVAL. GNU readline has no such line. CPython's readline.set_history_length() comes to this function.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq libedit2=3.1-20221030-2
dpkg-deb -x libedit2_*.deb root
python3 - "$(find root -name 'libedit.so.2')" <<'P'
import ctypes
import errno
import sys

edit = ctypes.CDLL(sys.argv[1])
for number in range(5):
    edit.add_history(b"line %d" % number)
assert edit.write_history(b"history") == 0
assert open("history").readline() == "_HiStOrY_V2_\n"
assert edit.read_history(b"history") == 0
assert edit.history_truncate_file(b"history", 3) == 0
print("after the cut:", open("history").read().splitlines())
status = edit.read_history(b"history")
print("read_history:", errno.errorcode.get(status, status))
assert "_HiStOrY_V2_\n" not in open("history").read()
assert status == errno.EINVAL
P
