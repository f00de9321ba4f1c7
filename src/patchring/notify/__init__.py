"""What leaves the machine for people and their systems."""
