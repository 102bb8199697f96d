"""A class at one server, in this build and in an earlier one, by turns (`python -m benchmarks.classroom`)."""
