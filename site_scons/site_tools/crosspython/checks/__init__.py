"""Checks that run the products. The scripts in data/ run on the target; check.py and wheels.py start them and judge
their results."""
