"""Whether two committed answers are the same: numbers, text, lists, formulas."""
