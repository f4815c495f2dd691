"""Arithmetic over bar charts."""
