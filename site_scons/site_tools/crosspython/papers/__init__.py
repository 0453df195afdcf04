"""Papers: what is in the products, by name, version, licence, source and patch, as the standards want it written down.

part.py has the data types. Modules that use libraries for these standards are imported only when they are needed.
"""
