"""Trials: one patch, one fleet, one way of letting it out, under virtual time; to compare ways, and to tune ours.

`scenario.py` says what a file may hold, `fleet.py` and `world.py` make what happens whatever anybody decides,
`engine.py` runs the hours, `ways/` are the ways of letting a patch out: ours, by core's own functions, and what
others do.
"""
