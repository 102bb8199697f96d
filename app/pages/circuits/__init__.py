"""The page that trains a circuit beside the mixture of its trees."""
