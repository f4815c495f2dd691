"""Angle chasing along a zigzag between two parallel lines."""
