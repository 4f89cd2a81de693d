"""Whether the service is well, for load balancers, Kubernetes and people."""
