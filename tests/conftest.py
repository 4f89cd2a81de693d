"""What every test gets: no task outlives it."""
