"""A connector that passes everything on as it is, to pipelines of the same signal."""
