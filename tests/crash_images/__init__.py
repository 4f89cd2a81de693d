"""Power loss without a switch: every write to the disk is recorded, and the disk rebuilt as it could look after it."""
