"""From a bundle and wheels to one file for the board: interpreter, packages and applications in one tree.

This package uses products of stages/, as wheels/ does. It runs only build-python, and no program of the target.
"""
