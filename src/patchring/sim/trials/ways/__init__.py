"""Ways of letting a patch out: Patchring's own, by core's functions, and what others do, as far as it is known."""
