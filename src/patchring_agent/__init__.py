"""The agent: typed actions only, each behind a signed permit."""

VERSION = "0.1.0"
