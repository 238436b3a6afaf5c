"""Events of the rows of a table, by a mapping: the same for the kit and for the pages."""
