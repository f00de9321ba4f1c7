"""Weaknesses of devices for which there is a fix: which each has, until when they are settled, and what comes first."""
