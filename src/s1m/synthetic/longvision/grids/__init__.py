"""A robot that walks over a coloured floor and paints it."""
