#!/bin/sh
# meson 1.12.1, option python.build_config (PEP 739's build-details.json).
#
# PEP 739 and its JSON schema require five keys of the file; "libpython" is optional, and so is each key in it. A Python that
# is linked statically has no libpython to describe. Meson 1.12.1 reads ['libpython']['link_extensions'] without asking
# whether it is there: a file that is valid by the schema ends with Meson's "Unhandled python exception", KeyError.
# With "libpython": {"link_extensions": false} the same project is set up. Checked both ways below.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check meson==1.12.1 ninja==1.13.2 jsonschema==4.23.0
cd "$work"
cat > meson.build <<'M'
project('toy')
py = import('python').find_installation('python3')
message(py.language_version())
M
venv/bin/python - <<'P'
import json
from jsonschema import Draft202012Validator

version = {"major": 3, "minor": 14, "micro": 0, "releaselevel": "final", "serial": 0}
details = {
    "schema_version": "1.0", "base_prefix": "/opt/python", "platform": "linux-armv7l",
    "language": {"version": "3.14", "version_info": version},
    "implementation": {"name": "cpython", "version": version, "hexversion": 51249392, "cache_tag": "cpython-314"},
    "abi": {"flags": [], "extension_suffix": ".cpython-314-arm-linux-gnueabihf.so", "stable_abi_suffix": ".abi3.so"},
    "c_api": {"headers": "/opt/python/include/python3.14"},
}
# What the published schema demands of the top level and of libpython; the rest of it adds nothing here.
schema = {
    "type": "object",
    "required": ["schema_version", "base_prefix", "platform", "language", "implementation"],
    "properties": {"libpython": {"type": "object", "properties": {"link_extensions": {"type": "boolean"}}}},
}
for name, more in (("without", {}), ("with", {"libpython": {"link_extensions": False}})):
    Draft202012Validator(schema).validate(details | more)
    json.dump(details | more, open(f"{name}.json", "w"))
P
status=0
PATH="$work/venv/bin:$PATH" meson setup out-without -Dpython.build_config="$work/without.json" > without.log 2>&1 || status=$?
PATH="$work/venv/bin:$PATH" meson setup out-with -Dpython.build_config="$work/with.json" > with.log 2>&1 || { cat with.log; exit 1; }
tail -n 3 without.log
[ "$status" -ne 0 ] && grep -q "KeyError: 'libpython'" without.log
