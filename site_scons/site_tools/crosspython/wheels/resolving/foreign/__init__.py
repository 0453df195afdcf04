"""Locks that other tools wrote, each in its own form: what of them a board gets.

One module a form. They read the lock alone, or the project beside it; what only sdists or an index tell is added later.
"""
