"""What the clock λ asks platforms for, and what the desk does with it."""
