"""Rehearsal room, public for plugin authors: FakeDiscord, sinks, contract checks."""
