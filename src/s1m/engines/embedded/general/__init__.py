"""Any model that transformers loads: its own processor, its own reading of a prompt, and what can be shared in a batch."""
