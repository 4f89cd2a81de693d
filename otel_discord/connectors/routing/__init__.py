"""A connector that chooses by conditions which pipelines get what."""
