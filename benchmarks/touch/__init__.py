"""What a person feels of the lab in a browser: waits, jumps, answers, and whether it stays so."""
