"""Names and text -> a client."""
