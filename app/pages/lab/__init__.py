"""The lab: choose, train live, play back, compare."""
