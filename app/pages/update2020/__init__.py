"""The page on the authors' update of 2020."""
