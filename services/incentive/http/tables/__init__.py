"""Tables (CSV, XLSX) that the bureau sends: how each kind of row is read, with every fault by line and column."""
