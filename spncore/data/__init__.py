"""Data sets: rows with counts, the catalogue, finding and downloading them, reading a table of your own."""
