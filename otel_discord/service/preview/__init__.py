"""Previews: records through a configuration's real pipelines and exporters, on a clock of its own; nothing is sent."""
