"""Shortest ways through mazes, some with a key and a door."""
