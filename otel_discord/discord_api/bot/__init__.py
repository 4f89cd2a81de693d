"""What a bot can do in a guild: channels, threads, webhooks, own messages. Knows nothing of telemetry or runs."""
