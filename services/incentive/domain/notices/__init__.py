"""Public notices: their working days, and the frozen lists that they show."""
