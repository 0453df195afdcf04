"""Packages from an index as wheels for the board: locked, built or taken ready, repaired, audited, indexed.
No SCons."""
