"""What a circuit says of evidence: values, flows, queries, samples, explanations."""
