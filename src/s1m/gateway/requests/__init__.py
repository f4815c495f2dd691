"""What a client sends, read into a problem, a strategy and sampling settings; every refusal names its field."""
