"""A processor that sets, removes, hashes, extracts and converts attributes of records, data points and spans."""
