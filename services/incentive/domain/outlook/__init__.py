"""How a year of an exchange goes on: its course against the tiers, and a forecast. Pure, and never in the ledger."""
