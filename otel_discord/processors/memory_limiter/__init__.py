"""A processor that refuses batches while the process has too much memory."""
