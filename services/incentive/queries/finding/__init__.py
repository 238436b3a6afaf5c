"""Search: subjects, exchanges, awards, vouchers, and documents of the registers."""
