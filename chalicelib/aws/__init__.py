"""The rim: the table, the bucket, the queue, SES, the Scheduler, Parameter Store. No other room imports botocore."""
