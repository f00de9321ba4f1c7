"""Arguments in, one use case out."""
