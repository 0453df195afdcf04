"""ELF files: reading what they say about themselves. They are judged elsewhere."""
