"""What is learned from: rows of every format as conversations; images stay encoded until they are asked for."""
