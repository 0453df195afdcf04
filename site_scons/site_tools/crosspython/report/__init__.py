"""The report of a build: one HTML file that needs no other files."""
