"""The gate: whether what is seen after a patch is more than chance and usual trouble explain, looked at any time."""
