"""The wheelhouse: finished wheels, their index and their report."""
