"""Builds what is installed on devices: one file (zipapp), and a .deb. Both byte for byte the same each time."""
