"""Destinations that come and go while the exporter runs: an extension names them, one for each run."""
