"""The gRPC door: ``otel_discord.v1.RunChannels`` on the aio server."""
