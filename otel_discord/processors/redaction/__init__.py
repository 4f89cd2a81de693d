"""Masks what must not be shown, and removes attributes that are not allowed."""
