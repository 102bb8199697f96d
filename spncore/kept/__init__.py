"""Runs that are kept: read whole from a store, taken away in files and brought back, trained again and compared.

Pages and the command `history` call the same functions.
"""
