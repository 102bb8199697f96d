"""The page with any grid of settings."""
