"""``s1m eval --live PORT``: a page on this machine that shows a run while it runs."""
