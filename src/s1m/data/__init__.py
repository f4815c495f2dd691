"""Data to train on: what is in it, what must not be, and how it is made."""
