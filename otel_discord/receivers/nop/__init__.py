"""A receiver that receives nothing."""
