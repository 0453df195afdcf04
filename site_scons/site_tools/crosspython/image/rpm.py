"""Packages that rpm, dnf and zypper install: the tree at its prefix, made by the distribution's rpmbuild.

rpm's names of 32-bit ARM are each distribution's own (`armv7hl`, Yocto's `cortexa7t2hf_neon`); all of them take
`noarch`. Nothing is run when it is installed, and it depends on nothing: the bundle's last lines say what it needs of
the board.
Source: rpm's manual, "Spec file format" and "Macros". All paths belong to the build machine, except for the prefix.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from crosspython.image.contents import Contents, folder_for_parts, set_modes
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.walk import walk_entries
from crosspython.workshop import EPOCH, Workshop

# A distribution's macros strip files, compile bytecode, note build-ids and find dependencies. We have done all that.
_MACROS = {
    "__os_install_post": "%{nil}",
    "debug_package": "%{nil}",
    "_build_id_links": "none",
    "_binaries_in_noarch_packages_terminate_build": "0",
    "_binary_payload": "w6.gzdio",  # every rpm reads gzip
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
}
_SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: Python and packages in {shown}
License: see {shown}/share/licenses
BuildArch: noarch
AutoReqProv: no

%description
{titles}

%install
mkdir -p "%{{buildroot}}"{parent}
cp -a {tree} "%{{buildroot}}"{prefix}

%files
%defattr(-,root,root,-)
"{shown}"
"""


def write_rpm(contents: Contents, product: Path, workshop: Workshop) -> None:
    """For rpm."""
    set_modes(contents.tree)
    _set_times(contents.tree)
    with folder_for_parts(product) as parts:
        spec = parts / "image.spec"
        spec.write_text(describe_package(contents))
        macros = _MACROS | {"_topdir": str(parts), "_rpmdir": str(parts), "_rpmfilename": product.name}
        options = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        with Log(workshop.logs / f"{product.name}.log") as log:
            run_command(
                ["rpmbuild", "-bb", "--quiet", "--target", "noarch", *options, str(spec)],
                cwd=parts,
                env={"PATH": workshop.path, "HOME": str(parts), "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C.UTF-8"},
                log=log,
            )
        (parts / product.name).replace(product)


def describe_package(contents: Contents) -> str:
    """The spec file. `%` begins an rpm macro, so a literal `%` is written twice."""
    parent = contents.prefix.rpartition("/")[0]
    names = {"name": contents.name, "version": contents.version, "shown": contents.prefix, "titles": contents.titles}
    words = {"tree": str(contents.tree), "prefix": contents.prefix, "parent": parent or "/"}
    texts = names | {name: shlex.quote(word) for name, word in words.items()}
    return _SPEC.format(**{name: text.replace("%", "%%") for name, text in texts.items()})


def _set_times(tree: Path) -> None:
    """Set one time for all files: rpmbuild only changes times that are newer than its limit."""
    os.utime(tree, (EPOCH, EPOCH))
    for entry in walk_entries(tree):
        os.utime(entry.path, (EPOCH, EPOCH), follow_symlinks=False)
