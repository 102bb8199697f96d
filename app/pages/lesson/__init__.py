"""The page on which runs are compared."""
