"""Front desk: one file a command; the only place that exits."""
