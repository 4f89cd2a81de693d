"""A processor that sets, removes, hashes, extracts and converts attributes of resources."""
