"""Data about single packages and libraries, and the code that reads it."""
