"""All reading: one file per question; frozen rows, dicts or JSON bytes out."""
