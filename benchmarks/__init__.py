"""What this library costs: one script a number, all of them through `python -m benchmarks`."""
