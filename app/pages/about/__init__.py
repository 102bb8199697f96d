"""The page on data, limits and sources."""
