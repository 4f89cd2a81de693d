"""The `discord` exporter: log records in, Discord messages out."""
