"""What every service's HTTP side has in common: problems, keys, pages of lists, progress, metrics, documentation."""
