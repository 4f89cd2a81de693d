"""A processor that changes records, spans, metrics and what they stand in by statements."""
