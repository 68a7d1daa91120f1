"""What the public may ask of a location and all below it, and how SQL writes it as JSON."""
