"""A class as one experiment: every seat trains another seed of the same study, and what happens is a list of events.

`state` folds the events of a room into what it is now, `acts` says what may be asked of it, `seats` which study a seat
trains and what is kept of its result, `interval` what all of them say together.
"""
