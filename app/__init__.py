"""The web lab; it comes after the engine and stands on `spncore` alone."""
