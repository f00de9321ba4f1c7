"""The agent: typed actions only, each behind a signed permit."""
