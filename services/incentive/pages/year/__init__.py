"""Pages of a whole year, and of the trades that its figures count."""
