"""Fleets, faults and virtual time behind the real interfaces."""
