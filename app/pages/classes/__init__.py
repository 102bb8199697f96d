"""The page that predicts a class."""
