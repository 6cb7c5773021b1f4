"""Small programs that end in every way with a client in every state: `python -m tests.processes` prints the matrix."""
