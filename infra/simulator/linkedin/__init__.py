"""LinkedIn: its API, its customers."""
