"""Tools for those who work on Patchring; nothing that is installed."""
