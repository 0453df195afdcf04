"""From a bundle and wheels to one file for the board: interpreter, packages and applications in one tree.

Stands beside stages/: it takes what they have made, and nothing of it is run but build-python.
"""
