"""Induced trees of a circuit (Claim 1): counted, weighed, stepped, trained as a mixture."""
