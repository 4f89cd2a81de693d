"""A processor that keeps a share of traces and log records, the same ones wherever it runs."""
