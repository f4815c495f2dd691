"""A run in the formats of others: tables, samples of lmms-eval, logs of inspect_ai."""
