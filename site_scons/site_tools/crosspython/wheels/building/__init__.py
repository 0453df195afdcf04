"""A source becomes a wheel: the backend is run with the target's compilers and headers."""
