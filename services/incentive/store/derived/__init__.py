"""Tables that intake derives from facts."""
