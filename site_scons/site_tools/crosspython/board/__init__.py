"""A board at the other end of an SSH connection: its facts, its files, and how a new Python is deployed to it."""
