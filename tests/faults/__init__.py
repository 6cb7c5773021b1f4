"""Every fault, on every wire, on both roads: see `table`. `python -m tests.faults` prints the result as one table."""
