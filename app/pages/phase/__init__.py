"""The page with the phase diagram."""
