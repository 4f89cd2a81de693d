"""An exporter that accepts everything and does nothing with it."""
