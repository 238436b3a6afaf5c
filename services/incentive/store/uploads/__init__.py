"""Tables that exchanges send by browser, as they are stored."""
