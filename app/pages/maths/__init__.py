"""The page with the derivation, its code and its tests."""
