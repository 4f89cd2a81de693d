"""The running service in a browser: graph, queues, destinations, messages, dead letters, alerts, configuration."""
