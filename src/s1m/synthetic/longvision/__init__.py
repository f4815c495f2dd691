"""Visual problems whose solutions are long by nature, with traces that solve them: one folder for each kind."""

from s1m.synthetic.longvision.example import LongExample, Picture, Unsound, make_example

__all__ = ["LongExample", "Picture", "Unsound", "make_example"]
