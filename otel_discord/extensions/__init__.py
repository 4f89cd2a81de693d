"""Outbuildings: off the path of the data."""
