"""What every part of a text allows but the whole does not."""
