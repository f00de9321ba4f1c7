"""Known issues: what breaks devices of some kind, entered, imported or proposed once, in force for every tenant."""
