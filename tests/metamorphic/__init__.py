"""Recorded answers, changed: what must not matter gives an equal Response, what harms gives a typed error."""
