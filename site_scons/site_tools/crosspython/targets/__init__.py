"""Boards as data: one TOML file each. See load.py for the keys."""

from __future__ import annotations

from crosspython.targets.load import Target, load_target, target_names

__all__ = ["Target", "load_target", "target_names"]
