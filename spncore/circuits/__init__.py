"""A circuit and its parameters: layers, leaves, consecutive sums, files."""
