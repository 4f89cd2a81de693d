"""Who may send: a shared token in a header, compared in constant time."""
