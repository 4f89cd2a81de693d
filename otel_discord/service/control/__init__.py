"""The socket beside the storage by which commands of the front desk reach a running service."""
