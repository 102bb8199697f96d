"""Judges of what the pages "What is held equal", "Phase diagram" and "Predicting a class" say, from their tables alone.

Everything is counted again from the CSV texts that the pages hand out, by hand and with SciPy's own test: nothing of
the engine and nothing that words a sentence is imported. A judge fails, or says how many sentences it has judged.
"""
