"""Several replicas with one table of runs: each takes requests and telemetry, one of them leads and has the bot."""
