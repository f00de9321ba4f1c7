"""Device-side adapters, one for each package manager."""
