"""Batch engines that others run: each adapter is thin over ``app.corpus.batch``."""
