"""Remarks about a board on which a tree fits: facts that could not be found out, and things that Python lacks there.

Each remark is one line, and says what to do.
"""

from __future__ import annotations

import re
import time

from crosspython.board.facts import BoardFacts, kernel_version
from crosspython.board.systems import are_related, is_below_larger_kernel
from crosspython.finish.board_needs import BoardNeeds
from crosspython.targets import Target

# Seconds that a board's clock may differ from this machine's: certificates live for months.
_DIFFERENCE = 24 * 3600
# Where our OpenSSL looks for certificates (recipes/openssl.py): in one file, and in files that c_rehash has named.
_OWN_CERTIFICATES = re.compile(r"/etc/ssl/(cert\.pem|certs/[^/]*\.\d)")


def find_remarks(facts: BoardFacts, target: Target, needs: BoardNeeds, now: float) -> list[str]:
    """`now`: this machine's time, in seconds since 1970."""
    return [*_untold(facts, target, needs), *_missing(facts, target.prefix, now)]


def _untold(facts: BoardFacts, target: Target, needs: BoardNeeds) -> list[str]:
    remarks = []
    if is_below_larger_kernel(facts.machine, target.machine):
        remarks.append(
            f"a 32-bit system with a 64-bit kernel ({facts.machine}); the check shows which wheels its pip accepts"
        )
    elif not are_related(facts.machine, target.machine):
        remarks.append(
            f"uname -m says {facts.machine}, the tree is for {target.machine}: the check shows whether it runs"
        )
    if needs.kernel and kernel_version(facts.kernel) is None:
        remarks.append(
            f"uname -r says {facts.kernel}, which is not a version: the tree needs Linux {needs.kernel} or newer"
        )
    if needs.of_libc and facts.libc is None:
        remarks.append(f"its libc does not show its version: the tree needs {needs.of_libc}")
    return remarks


def _missing(facts: BoardFacts, prefix: str, now: float) -> list[str]:
    remarks = []
    if facts.clock is not None and abs(facts.clock - now) > _DIFFERENCE:
        there = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(facts.clock))
        remarks.append(
            f"its clock says {there}, so certificates look invalid;"
            f" run on the board: date -s @{now:.0f}, and use NTP for later boots"
        )
    if facts.certificates is None:
        remarks.append(
            "it has no CA certificates, so https fails: install its package ca-certificates; or build"
            f' pkgs=certifi and run on the board: export SSL_CERT_FILE="$({prefix}/bin/python3 -m certifi)"'
        )
    elif not _OWN_CERTIFICATES.fullmatch(facts.certificates):
        remarks.append(
            f"Python does not find its CA certificates; run on the board: export SSL_CERT_FILE={facts.certificates}"
        )
    if facts.zones is None:
        remarks.append("it has no time zones, so zoneinfo finds none: install its package tzdata, or build pkgs=tzdata")
    return remarks
