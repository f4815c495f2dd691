"""Any model that transformers loads: its own processor and its own reading of a prompt, batched where it can be."""
