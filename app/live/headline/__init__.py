"""What the runs on screen show, in two generated lines: a headline, and what it leaves out."""
