"""What one step does to the effective weights."""
