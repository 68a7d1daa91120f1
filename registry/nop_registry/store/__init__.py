"""The one door for writes: set-based, idempotent, inside the caller's transaction."""
