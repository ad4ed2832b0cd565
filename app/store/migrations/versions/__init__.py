"""Each file is one step in the history of the tables."""
