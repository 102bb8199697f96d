"""Figures and tables on disk; the only drawing in the engine."""
