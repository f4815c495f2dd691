"""Problems made by program, with their solutions: benchmarks and training data both draw on them."""
