"""Components and wheels built on other machines, by Dask's distributed scheduler. docs/farm.md describes it for users.

The scheduler only brings small texts: an order to a worker, and its answer back. Products travel by the artifact cache.
"""
