"""The judge of what lessons say came out: every sentence parsed and counted again from what the lab hands out.

It imports neither engine nor words: it reads the table of each run, that of its components, and the rows of the data.
What it cannot parse it refuses.
"""
