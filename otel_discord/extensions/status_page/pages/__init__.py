"""The pages as functions from what is known to HTML. Every text goes through :mod:`.words`, which escapes it."""
