"""A patch on its way through the rings of one tenant."""
