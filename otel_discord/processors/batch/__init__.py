"""A processor that takes the keys of the Collector's ``batch`` and passes everything on at once."""
