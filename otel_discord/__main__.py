"""``python -m otel_discord`` is ``otel-discord``."""

from otel_discord.cli.main import main

if __name__ == "__main__":
    main()
