"""Meta's platforms: the Graph API, and what each makes of it."""
