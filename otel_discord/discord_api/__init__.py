"""The mailbox: a Discord client that has never heard of telemetry."""
