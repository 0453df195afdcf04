"""The picture of a build: one HTML file that needs nothing else."""
