"""Independent judges of generated sentences."""
