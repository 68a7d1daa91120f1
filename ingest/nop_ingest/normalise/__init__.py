"""Mend what can be mended without guessing. `steps.py` tells the order; one act is one file."""
