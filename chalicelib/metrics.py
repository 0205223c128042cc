"""What alarms look at, by CloudWatch's embedded format: a log line, no call. Loaded only where there is something to count."""

from __future__ import annotations

NAMESPACE = "Bridgehead"


def count(name: str, value: int = 1) -> None:
    """Adds to a metric; docs/operations.md says what each means."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE):
        pass
