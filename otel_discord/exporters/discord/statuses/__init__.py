"""Statuses: records of which only the newest counts, so that one message always shows it."""
