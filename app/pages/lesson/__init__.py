"""The lesson: steps with a guess, runs of the lab, what came out, a sentence to keep and a question."""
