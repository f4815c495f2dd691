"""Long traces from a teacher: a run of forced chains, of which the right ones are harvested."""
