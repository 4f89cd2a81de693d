"""Stairs: the end of one pipeline and the start of another."""
