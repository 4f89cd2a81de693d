"""Shows what passes."""
