"""The whole system under virtual time with seeded faults: the server's own use cases, the agents' own loop, and a watch
over what must never happen. See docs/simulation.md."""
