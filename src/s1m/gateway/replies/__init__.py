"""What a client gets: whole replies and streams, as chat completions and as responses."""
