"""A shop that speaks Standard Webhooks."""
