"""A connector that turns metrics into alerts: rules with thresholds, and for each alert a life."""
