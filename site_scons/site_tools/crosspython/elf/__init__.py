"""Reads and edits ELF files. Other modules decide whether their content is right."""
