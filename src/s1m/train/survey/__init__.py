"""Which examples are kept, measured before anything is loaded."""
