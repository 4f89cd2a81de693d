"""The discord exporter as one of several replicas: takes in for all destinations, works on those whose seat it has."""
