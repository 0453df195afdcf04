"""Running what was built: what runs on the target lies in data/, how it is run in emulator.py,
the verdict in check.py."""
