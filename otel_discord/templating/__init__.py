"""One sandboxed Jinja environment and the template file format."""
