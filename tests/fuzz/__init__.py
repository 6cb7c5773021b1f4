"""Fuzzing of every decoder and framer: `python -m tests.fuzz NAME --seconds N` (needs `pip install atheris`)."""
