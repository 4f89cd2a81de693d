"""Alerts in Discord: one message for the whole life of an alert, or of a group of them."""
