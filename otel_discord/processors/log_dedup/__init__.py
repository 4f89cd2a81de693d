"""A processor that holds identical log records to the end of an interval and lets one of them out with their count."""
