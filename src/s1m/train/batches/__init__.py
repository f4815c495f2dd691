"""Micro-batches: what is learned from an example, which examples share a batch, how they are laid out."""
