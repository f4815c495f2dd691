"""Files of responses, of s1m and of other harnesses: one reader each, chosen by what the file holds."""
