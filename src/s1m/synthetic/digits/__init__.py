"""Questions about pictures of real handwritten digits, and traces of a reader who looks again."""
