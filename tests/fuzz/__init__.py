"""Fuzzing of every decoder and framer: `make fuzz`, or of one: `python -m tests.fuzz NAME --seconds N`."""
