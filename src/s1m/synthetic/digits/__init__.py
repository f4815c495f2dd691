"""Questions about pictures of handwritten digits, and traces of a reader who looks at them again and again."""
