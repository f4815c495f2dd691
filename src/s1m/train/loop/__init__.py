"""The training loop: TRL's trainer with our additions, its callbacks, and the processes that share the work."""
