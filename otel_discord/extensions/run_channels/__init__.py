"""Run channels: a channel and a webhook for every run, and cleaned up after."""
