"""The judge of both lines that are said of a run."""
