"""From an answer's text to a verdict: extract what it commits to, match it with the gold answer."""
