"""The fields that each context shows: how they are read and written."""
