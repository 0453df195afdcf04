"""ELF files: what they say of themselves. Read only, and judged elsewhere."""
