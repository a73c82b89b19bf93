"""Rows about mail: what was kept, where it was placed, who takes part in which enquiry, how far a folder was read."""
