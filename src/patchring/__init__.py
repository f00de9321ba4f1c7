"""Patch management for managed service providers, in rings that open on evidence."""
