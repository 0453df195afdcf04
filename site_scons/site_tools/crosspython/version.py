"""The version of crosspython; pyproject.toml and examples/ci have it too."""

VERSION = "0.4.0"
