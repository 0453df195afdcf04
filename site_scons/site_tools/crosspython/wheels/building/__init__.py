"""Builds wheels from sources: runs the backend with the target's compilers and headers."""
