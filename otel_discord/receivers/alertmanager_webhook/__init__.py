"""Front door for what Alertmanager and Grafana post to a webhook: each alert becomes a log record."""
