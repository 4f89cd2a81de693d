"""A connector that passes everything from pipelines before it to pipelines of the same signal after it."""
