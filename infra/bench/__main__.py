"""`python -m infra.bench`, or `make bench`: about two minutes, best on a quiet machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from platform import machine, python_version
from typing import Any

from infra.bench import cold, growth, mails, sizes, warm
from infra.bench.figures import Section, shown
from infra.stack.package import BUILD

RESULT = BUILD / "bench.json"
MEASURES = (cold.measure, warm.measure, sizes.measure, mails.measure, growth.measure)


def main() -> None:
    """Each section is printed when it is there; the file is written at the end."""
    sections = []
    for measure in MEASURES:
        sections.append(measure())
        print(shown(sections[-1]), flush=True)
    BUILD.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(_result(sections), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(_summary(sections))


def _result(sections: list[Section]) -> dict[str, Any]:
    barred = [figure for section in sections for figure in section.figures if figure.bar is not None]
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{machine()}, Python {python_version()}",
        **{key: value for section in sections for key, value in section.result.items()},
        "bars": {
            figure.name: {"value": figure.value, "bar": figure.bar, "verdict": figure.verdict} for figure in barred
        },
    }


def _summary(sections: list[Section]) -> str:
    missed = [figure.name for section in sections for figure in section.figures if "MISSED" in figure.verdict]
    return f"{RESULT.name}: " + (f"missed: {', '.join(missed)}" if missed else "every bar is met")


if __name__ == "__main__":
    main()
