"""One file per group of commands; each defines `register(app)` and is found by `nop.cli`."""
