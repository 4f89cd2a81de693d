"""Several processes on one database: who lives, who has which shard's seat, what was put for whom."""
