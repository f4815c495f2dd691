"""One run: its summary, figures, table and report."""
