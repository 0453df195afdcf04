"""A compiler made to link for an older glibc than its own, without that glibc: see make.py."""
