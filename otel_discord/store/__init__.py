"""The relational model of queue, cards and state; no driver."""
