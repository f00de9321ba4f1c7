"""What each section of a text looks like, for validation and for the JSON Schema that editors complete from."""
