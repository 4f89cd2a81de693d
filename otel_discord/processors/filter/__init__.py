"""A processor that drops records, spans, span events, metrics and data points by conditions, or keeps only some."""
