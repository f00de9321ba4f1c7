"""What is urgent and why: due dates by a table, and an order of work with every factor shown."""
