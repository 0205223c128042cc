"""`bridgehead.toml`: what may stand in it, what is wrong with it, and what of it is stored. `document.check` does all."""
