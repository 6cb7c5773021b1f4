"""A real Ray: `make ray`."""
