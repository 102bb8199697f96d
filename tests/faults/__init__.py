"""What can go wrong, by number: the catalogue, its tests, and the table of what a run found."""
