"""The page of the runs that are kept: the list, and one of them opened."""
