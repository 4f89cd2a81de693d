"""Programs of ours that some records end."""
