"""Runs side by side on one axis of cost: curves, paired tests, tables, a page."""
