"""The policy of a tenant: what goes by itself, what is reviewed, where, when, and what happens on failure."""
