"""The present build beside an earlier one: the same work in both, in turns (`python -m benchmarks.earlier`)."""
