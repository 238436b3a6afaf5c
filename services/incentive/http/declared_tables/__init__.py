"""Tables of declarations: previewed, declared at once, or confirmed by another person first."""
