"""Signatures by SSH keys, as `ssh-keygen -Y` makes and checks them: of the cache's records, of statements of products.

Companies already have such keys, agents and tokens, and everybody can verify a signature without crosspython. A list of
signers maps keys to names, in the format of ssh-keygen(1), ALLOWED SIGNERS. Format: OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crosspython.errors import HostToolError, SignatureError

# A signature contains its purpose, so a signature of a Git commit or of a mail is not accepted here.
CACHE, STATEMENT = "cache@crosspython", "statement@crosspython"
_PATIENCE = 60  # seconds: a hardware token may wait for a touch


@dataclass(frozen=True)
class Signer:
    """A private key; or a public key, if an agent holds the private one."""

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
        """The signer of these bytes, by the name in the list. Raises SignatureError if the signer is not listed."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "signature"
            file.write_text(signature)
            found = _run(["-Y", "find-principals", "-f", str(self.file), "-s", str(file)], b"")
            for name in found.stdout.splitlines() if found.returncode == 0 else ():
                who = ["-I", name.partition(",")[0], "-n", purpose]
                if _run(["-Y", "verify", "-f", str(self.file), *who, "-s", str(file)], data).returncode == 0:
                    return name
        reason = (
            "the data was changed, or the signature was made for something else"
            if found.returncode == 0
            else "its signer is not in that list"
        )
        raise SignatureError(f"a signature is not valid (signers={self.file})", found=reason)


def _run(arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[str]:
    """Run ssh-keygen without a terminal, so that it fails instead of asking for a passphrase. Raises HostToolError."""
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
        raise HostToolError(
            "ssh-keygen is missing: it makes and verifies signatures", next="apt-get install openssh-client"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SignatureError(f"ssh-keygen did not answer within {_PATIENCE} s") from error
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "ssh-keygen printed nothing"
