"""Several runs on one axis of cost: curves, paired tests, tables, a page."""
