"""Preference pairs from runs: of one problem an ending to prefer and one to avoid, each with the reason."""
