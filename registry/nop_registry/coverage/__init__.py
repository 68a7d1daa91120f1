"""What a regulator counts: one metric a file, found, not listed."""
