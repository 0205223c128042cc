"""X: its API, its errors, its customers."""
