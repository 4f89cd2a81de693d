"""A connector that makes a log record of each exception and each failure that spans tell."""
