"""The page on linear networks."""
