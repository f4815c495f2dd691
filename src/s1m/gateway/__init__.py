"""``s1m gateway``: an OpenAI-compatible server with a dial for thinking, in front of any engine, and its page."""
