"""What the template tells a Lambda about its surroundings, read when asked and not at import."""

from __future__ import annotations

import os


def get(name: str) -> str:
    """An environment variable that infra/stack/resources.yaml sets. Raises KeyError with its name."""
    return os.environ[name]
