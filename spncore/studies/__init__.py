"""Studies of the dynamics: what is trained, counted and shipped for each question."""
