"""What feeds say, kept with the time from which it was known here, and never forgotten when a feed forgets it."""
