"""What a view of a run is sent: frames, series, points."""
