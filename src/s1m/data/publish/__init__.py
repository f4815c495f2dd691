"""Rows as a dataset in S1-M's columns, with its card."""
