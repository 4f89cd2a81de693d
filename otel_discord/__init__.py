"""OTLP in, Discord out. The public names, nothing else."""

__version__ = "0.1.0"

__all__ = ["__version__"]
