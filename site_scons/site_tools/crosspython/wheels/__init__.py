"""Makes wheels for the board from packages of an index: locks them, builds them or takes ready wheels, repairs, audits
and indexes them. Does not use SCons."""
