"""What may end the process is tried in another one first, once the process has ended again and again."""
