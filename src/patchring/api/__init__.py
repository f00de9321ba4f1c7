"""JSON for people and programs, and the routes of the agents."""
