"""The verbs of ``s1m``: a file is a verb, a folder a verb with verbs of its own."""
