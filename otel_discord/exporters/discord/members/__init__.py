"""Events of members of a Discord guild: one card for many of a kind, and as much of who they are as may be shown."""
