"""The HTTP door: bounded requests in, JSON out."""
