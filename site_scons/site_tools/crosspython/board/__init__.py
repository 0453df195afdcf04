"""A board at the other end of an SSH connection: what it is, what lies on it, and how a new Python gets there whole."""
