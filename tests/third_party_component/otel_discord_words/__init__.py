"""Components that work on words."""
