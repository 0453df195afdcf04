"""SSH keys for tests, made by ssh-keygen, and lists of signers."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_key(file: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", file], check=True)
    return file


def list_signers(file: Path, **keys: Path) -> Path:
    """A list in the form of ssh-keygen(1), ALLOWED SIGNERS. keys: private keys by the names of those who hold them"""
    file.write_text("".join(f"{name} {key.with_name(f'{key.name}.pub').read_text()}" for name, key in keys.items()))
    return file
