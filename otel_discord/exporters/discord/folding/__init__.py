"""Folding: records of one problem are counted on one card, also when that card is in Discord already."""
