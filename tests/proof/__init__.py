"""Everything that was promised, run on a clean clone, with a figure for each line."""
