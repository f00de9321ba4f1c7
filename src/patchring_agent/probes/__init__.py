"""Questions about the health of this device, with typed results."""
