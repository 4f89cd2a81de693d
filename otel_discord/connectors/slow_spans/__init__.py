"""A connector that makes a log record of each operation that is slow, with the path through its trace."""
