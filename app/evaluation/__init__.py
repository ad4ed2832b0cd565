"""Measuring the whole product: data sets, splits, metrics and reports."""
