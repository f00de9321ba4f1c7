"""Reports of vulnerability scanners, read into one form. Each format is one module with a pure `parse`."""
