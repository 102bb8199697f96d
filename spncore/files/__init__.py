"""Files that outlive a process: archives, strict JSON, where things ship, what made them."""
