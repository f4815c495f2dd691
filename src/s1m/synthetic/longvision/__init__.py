"""Visual problems that need long solutions, with traces that solve them: one folder a kind.

Imports point one way: ``example`` -> a kind's folder -> ``synthetic.drawing`` and ``synthetic.voice``.
"""
