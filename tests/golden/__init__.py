"""What the product gave when it was last agreed upon: cases with their answers, stored as readable JSON."""
