"""Typed answers: a type -> its schema, and the answer -> a value of the type."""
