"""What agent and server say to each other, version 1. Ships with the agent; stands on the standard library alone."""
