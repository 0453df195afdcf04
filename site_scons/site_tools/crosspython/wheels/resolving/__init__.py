"""Turns a request into a lock: requests, projects, indexes, resolution, and the choice of files."""
