"""The engines that ``--engine`` names: classes that say how an engine is built, cheap to import.

A class here is never instantiated. What it builds is an ``s1m.types.Engine``; an engine of another package may well be
its own builder, with ``build`` as a class method. Adding an engine is adding a file.
"""
