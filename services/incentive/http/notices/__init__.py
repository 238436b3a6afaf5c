"""Routes of public notices: their lists, and objections to them."""
