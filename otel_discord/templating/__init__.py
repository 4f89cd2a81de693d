"""One sandboxed Jinja environment, the template file format, and text that is safe to show in Discord."""
