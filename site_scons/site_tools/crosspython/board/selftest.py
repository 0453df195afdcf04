"""Our self-test on a board: checks/data/selftest.py with what it expects,
sent there and run by the board's own Python."""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Callable
from dataclasses import dataclass

from crosspython.board.ssh import Session
from crosspython.checks.result import Result
from crosspython.checks.selftest import CERTIFICATE, SCRIPT, Expectation, read_results
from crosspython.errors import CheckError
from crosspython.run.console import format_count

# The checks that a new tree has to pass before the board switches to it. All checks take minutes on a slow board.
BEFORE_SWITCH = ("machine", "prefix", "extension_modules", "subprocesses")
# The slowest check is a venv with pip: a minute on a slow board, several on a virtual one with shared processors.
_CHECK_SECONDS, _SECONDS = 1200, 3600

_ILLEGAL = (
    "its processor lacks an instruction that the target's cflags allow: compare -mcpu= there with its /proc/cpuinfo"
)

_RUN = """
folder=$(mktemp -d 2>/dev/null || {{ mkdir -p /tmp/crosspython-check.$$ && echo /tmp/crosspython-check.$$; }})
cd "$folder" && tar -xof - || exit 1
sed "s|FOLDER|$folder|" expected.json > here.json && mkdir work
HOME="$folder" TMPDIR="$folder" TZ=UTC PYTHONDONTWRITEBYTECODE=1 {python} selftest.py here.json "$folder/work" 2>&1
status=$?
cd / && rm -rf "$folder"
exit $status
"""


@dataclass(frozen=True)
class SelfTest:
    """The self-test with the results that it expects on a board. `only` names checks; empty: all checks."""

    expectation: Expectation
    only: tuple[str, ...] = ()

    def run(self, session: Session, tree: str, say: Callable[[str], None]) -> list[Result]:
        """Run it with the Python of a tree on the board, say the results. Raises CheckError with what was not right."""
        results = self.results(session, tree, say)
        failed = [result for result in results if not result.ok]
        if failed:
            raise CheckError(
                f"{session.address}: {len(failed)} of {format_count(len(results), 'check')} failed on the board;"
                " its previous Python stays in use",
                evidence=[line for result in failed for line in (f"{result.name}:", *result.detail.splitlines()[-12:])],
                next=_ILLEGAL if any("Illegal instruction" in result.detail for result in failed) else None,
            )
        return results

    def results(self, session: Session, tree: str, say: Callable[[str], None]) -> list[Result]:
        """Run it and say the results, whatever they are."""
        script = _RUN.format(python=shlex.quote(f"{tree}/bin/python3"))
        reply = session.run(script, "check", data=self._pack(), seconds=_SECONDS, may_fail=True)
        results = read_results(reply.text, f"exit status {reply.status}")
        for result in results:
            say(str(result))
        return results

    def _pack(self) -> bytes:
        files = {
            "selftest.py": SCRIPT.read_bytes(),
            "certificate.pem": CERTIFICATE.read_bytes(),
            "expected.json": self.expectation.as_json("FOLDER/certificate.pem", self.only, _CHECK_SECONDS).encode(),
        }
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for name, data in files.items():
                header = tarfile.TarInfo(name)
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
        return stream.getvalue()
