"""Preference training: pairs of responses in one batch, on TRL's DPOTrainer."""
