"""Reads the locks of other tools, each in its own form, and selects the packages for a board.

There is one module for each form. They read only the lock, or also the project beside it. Facts from sdists or from an
index are added later.
"""
