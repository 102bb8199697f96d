"""The plan of the house, held by tests: sizes, repetitions, opt-outs."""
