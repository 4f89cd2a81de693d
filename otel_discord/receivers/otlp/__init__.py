"""Front door for OTLP: gRPC and HTTP in, one decoded batch to the pipeline, an answer only after it was taken."""
