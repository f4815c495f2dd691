"""Who continues text: embedded (a model in this process), http (any OpenAI-compatible server), scripted (replays)."""
