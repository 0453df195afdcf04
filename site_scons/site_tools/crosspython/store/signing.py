"""Signatures by SSH keys, as `ssh-keygen -Y` makes and checks them: of the cache's records, of statements of products.

Firms have such keys, agents and tokens already, and everybody can check a signature without us. Which names a key has
stands in a list of signers, in the form of ssh-keygen(1), ALLOWED SIGNERS. Format: OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crosspython.errors import HostToolError, SignatureError

# What a signature is for stands in it: one of a Git commit or of a mail counts for nothing here.
CACHE, STATEMENT = "cache@crosspython", "statement@crosspython"
_PATIENCE = 60  # seconds: a token may wait for a finger


@dataclass(frozen=True)
class Signer:
    """A private key; or a public one whose private half an agent holds."""

    key: Path

    def sign(self, data: bytes, purpose: str) -> str:
        """The armoured signature. Raises SignatureError."""
        done = _run(["-Y", "sign", "-q", "-n", purpose, "-f", str(self.key)], data)
        if done.returncode or not done.stdout.startswith("-----BEGIN SSH SIGNATURE-----"):
            raise SignatureError(
                f"sign_key={self.key}: nothing can be signed with it",
                found=_last_line(done.stderr),
                next="a key with a passphrase has to be in an ssh-agent: ssh-add KEY",
            )
        return done.stdout


@dataclass(frozen=True)
class Signers:
    """A list of those who are trusted, with their public keys."""

    file: Path

    def name_of(self, data: bytes, signature: str, purpose: str) -> str:
        """Who signed these bytes, as the list calls them. Raises SignatureError where it is nobody of the list."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "signature"
            file.write_text(signature)
            found = _run(["-Y", "find-principals", "-f", str(self.file), "-s", str(file)], b"")
            for name in found.stdout.splitlines() if found.returncode == 0 else ():
                who = ["-I", name.partition(",")[0], "-n", purpose]
                if _run(["-Y", "verify", "-f", str(self.file), *who, "-s", str(file)], data).returncode == 0:
                    return name
        reason = (
            "the bytes are others, or it was made for something else"
            if found.returncode == 0
            else "it is by nobody of that list"
        )
        raise SignatureError(f"a signature does not hold (signers={self.file})", found=reason)


def _run(arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[str]:
    """ssh-keygen without a terminal, so that it fails where it would ask for a passphrase. Raises HostToolError."""
    environment = {**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            timeout=_PATIENCE,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise HostToolError("ssh-keygen is missing, which signs", next="apt-get install openssh-client") from error
    except subprocess.TimeoutExpired as error:
        raise SignatureError(f"ssh-keygen did not answer within {_PATIENCE} s") from error
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "no word of ssh-keygen"
