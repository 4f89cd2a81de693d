"""Mutes: which records are held, dropped or come without a ping, and when. Pure; silences and maintenance use it."""
