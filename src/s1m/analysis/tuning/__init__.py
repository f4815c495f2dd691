"""s1m tune: the stopping rule of a run that spends the fewest tokens, with a bound on what it loses."""
