"""The page that takes the run on screen apart."""
