"""The service's own telemetry: what it says about itself, and how that leaves the process."""
