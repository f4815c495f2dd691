"""Answers as plain text: markup removed, numbers read, silence recognised."""
