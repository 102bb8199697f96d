"""A run from its description to its trace: experiment, study, training, scores."""
