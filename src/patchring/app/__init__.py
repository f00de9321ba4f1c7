"""Use cases, one transaction each: load, ask core, save with outbox and audit."""
