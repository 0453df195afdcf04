"""A wheel that a backend made becomes one for the board: libraries, RPATHs, tags, RECORD, audit."""
