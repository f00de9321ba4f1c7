"""The processes: the only room that composes."""
