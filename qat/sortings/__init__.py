"""Sortings: made of a network's answers, scored against true units, written for other programs."""
