"""Papers: what is in the products, by name, version, licence, source and patch, as the standards want it written down.

part.py has the nouns. What stands on the libraries of these standards is imported when such a paper is asked for.
"""
