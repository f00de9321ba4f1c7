"""Debian and Ubuntu: dpkg below, apt above, asked with their plain tools."""
