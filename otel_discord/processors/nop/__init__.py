"""A processor that passes everything on as it is."""
