"""The page that asks a network."""
