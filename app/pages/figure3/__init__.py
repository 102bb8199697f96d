"""The page on the published figure."""
