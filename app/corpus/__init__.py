"""Whole corpora: a pure function over record batches, and runs of it that survive what happens to long runs."""
