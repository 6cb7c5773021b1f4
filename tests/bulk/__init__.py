"""Many rows, each answered once."""
