"""Records that could not be delivered: kept with their reason, shown, and sent again."""
