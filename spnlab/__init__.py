"""The command `spnlab`, and in the wheel the lab that it opens."""
