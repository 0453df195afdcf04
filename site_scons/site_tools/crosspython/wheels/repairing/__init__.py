"""Turns a wheel that a backend made into one for the board: libraries, RPATHs, tags, RECORD, audit."""
