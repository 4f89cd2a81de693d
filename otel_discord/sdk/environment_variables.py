"""The environment variables that the SDK side reads, each a constant that holds its own name.

Entry point of ``opentelemetry_environment_variables``: ``opentelemetry-instrument`` makes a flag of each
(``--exporter_discord_min_severity WARN``). An empty variable counts as one that is not set.
"""

OTEL_EXPORTER_DISCORD_WEBHOOK_URL = "OTEL_EXPORTER_DISCORD_WEBHOOK_URL"
"""The webhook that records go to, as Discord's "Copy Webhook URL" gives it."""

OTEL_EXPORTER_DISCORD_WEBHOOK_URL_FILE = "OTEL_EXPORTER_DISCORD_WEBHOOK_URL_FILE"
"""A file that holds this URL and nothing else; set one of the two."""

OTEL_EXPORTER_DISCORD_CONFIG = "OTEL_EXPORTER_DISCORD_CONFIG"
"""A YAML file with the section of the service's ``discord`` exporter: destinations, routes, and whatever else."""

OTEL_EXPORTER_DISCORD_RULES = "OTEL_EXPORTER_DISCORD_RULES"
"""A YAML file with the rules (``rules:``) that say when a metric is an alert, for DiscordMetricExporter."""

OTEL_EXPORTER_DISCORD_MIN_SEVERITY = "OTEL_EXPORTER_DISCORD_MIN_SEVERITY"
"""Records below it go nowhere: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, or a number from 0 to 24. Default WARN."""

OTEL_EXPORTER_DISCORD_PRESET = "OTEL_EXPORTER_DISCORD_PRESET"
"""How a message looks: compact, standard, full or plain. Default compact."""

OTEL_EXPORTER_DISCORD_USERNAME = "OTEL_EXPORTER_DISCORD_USERNAME"
"""Name that messages are sent under. Default: the webhook's own."""

OTEL_EXPORTER_DISCORD_AVATAR_URL = "OTEL_EXPORTER_DISCORD_AVATAR_URL"
"""Picture beside the name, an https:// address. Default: the webhook's own."""

OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY = "OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY"
"""Directory where what could not be sent is kept, and sent from at the next start. Default: none, it is let go."""

OTEL_EXPORTER_DISCORD_TIMEOUT = "OTEL_EXPORTER_DISCORD_TIMEOUT"
"""Longest time for one request: milliseconds, or with a unit as in 10s. Default 10s."""

OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT = "OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT"
"""How long the end of the application may wait for what is unsent: milliseconds, or as in 10s. Default 10s."""

OTEL_EXPORTER_DISCORD_ENDPOINT = "OTEL_EXPORTER_DISCORD_ENDPOINT"
"""Where requests go; another base for a proxy or a test. Default https://discord.com/api/v10."""

OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT = "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT"
"""true: the endpoint may begin with http://. Default false."""

OTEL_EXPORTER_DISCORD_PROXY_URL = "OTEL_EXPORTER_DISCORD_PROXY_URL"
"""HTTP proxy on the way to Discord, as in http://user:password@host:port. Default: none."""

OTEL_EXPORTER_DISCORD_DRY_RUN = "OTEL_EXPORTER_DISCORD_DRY_RUN"
"""true: log what would be sent, at INFO on the logger otel_discord.exporter, instead of sending it. Default false."""
