"""What agent and server say to each other, version 1.

Ships with the agent: it stands on the standard library and the `cryptography` package alone.
"""
