"""A chain of filters over rows of any source, and what is chosen among those that pass."""
