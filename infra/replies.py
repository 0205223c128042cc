"""How well the agent's words are told from the rest of a mail: `make replies`, over a corpus kept outside the project.

Equal is the expectation to the letter, white space aside. Right is equal, or short of it only by a closing signature
(the projects the samples are from disagree about those). Lost is an answer with words missing; `lost_posted` are those
of them of which we were sure, so that the customer would have got too little. The others are held and shown to the agent.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from chalicelib.mailroom.extraction import Context, Extraction, extract
from chalicelib.mailroom.html_text import lines_of_html
from chalicelib.mailroom.lines import joined

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpora" / "replies"
RESULT = ROOT / "build" / "replies.json"
# what the bridge knows when such a mail arrives: the constructed samples answer this customer
BRIDGE = Context(addresses=("c1.ab12@bridge.example",), names=("Jane Doe (Facebook)",))
SIGNATURE_LINES = 8
MISSING = f"""No samples in {CORPUS}.
They are other projects' mails and not part of this one. Put a directory there with the samples and an expected.json:
{{"<file>": {{"source": "…", "kind": "txt|html|eml", "lang": "…", "reply": "…" or "contains": […], "lacks": […]}}}}"""


@dataclass(frozen=True)
class Score:
    """What came of one sample."""

    name: str
    source: str
    language: str
    equal: bool
    right: bool
    sure: bool
    missing: bool  # words of the expectation are not there, beyond a signature


def main() -> int:
    if not (CORPUS / "expected.json").exists():
        print(MISSING)
        return 1
    scores = list(scores_of(CORPUS))
    table(scores, lambda score: score.source)
    table(scores, lambda score: score.language)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(summary(scores), indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary(scores), indent=2))
    return 0


def scores_of(corpus: Path) -> Iterator[Score]:
    """A score for each sample; those the project itself wrote know the customer, the public ones nothing."""
    samples: dict[str, dict[str, Any]] = json.loads((corpus / "expected.json").read_text(encoding="utf-8"))
    for name, sample in samples.items():
        yield score_of(name, sample, extracted(corpus / name, sample))


def manifest(folder: Path) -> list[dict[str, Any]]:
    """What is in a folder of captured mails."""
    entries: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return entries


def extracted(path: Path, sample: dict[str, Any]) -> Extraction:
    context = BRIDGE if sample["source"] == "constructed" else Context()
    return extract(*bodies(path, sample["kind"]), context)


def bodies(path: Path, kind: str) -> tuple[str | None, str | None]:
    """The text and the HTML of a sample, as the MIME reader would hand them over."""
    content = path.read_bytes()
    if kind == "eml":
        mail = message_from_bytes(content, policy=default)
        parts = [mail.get_body((subtype,)) for subtype in ("plain", "html")]
        text, html = (part.get_content() if part else None for part in parts)
        return text, html
    body = content.decode("utf-8", "replace")
    return (None, body) if kind == "html" else (body, None)


def score_of(name: str, sample: dict[str, Any], found: Extraction) -> Score:
    if "contains" in sample:
        missing = not all(squeezed(part) in squeezed(found.text) for part in sample["contains"])
        equal = right = not missing and not any(squeezed(part) in squeezed(found.text) for part in sample["lacks"])
    else:
        expected = sample["reply"] if "reply" in sample else joined(lines_of_html(sample["reply_html"])[0])
        equal = squeezed(found.text) == squeezed(expected)
        right = equal or short_by_signature(found.text, expected)
        missing = not right and squeezed(expected) not in squeezed(found.text)
    return Score(name, sample["source"], sample["lang"], equal, right, found.sure, missing)


def short_by_signature(text: str, expected: str) -> bool:
    """The text is the expectation without its last lines, eight at most that say something."""
    lines = expected.rstrip().split("\n")
    written = [i for i, line in enumerate(lines) if line.strip()]
    cuts = written[-SIGNATURE_LINES:]
    return bool(text.strip()) and any(squeezed("\n".join(lines[:cut])) == squeezed(text) for cut in cuts)


def squeezed(text: str) -> str:
    return "".join(text.split())


def summary(scores: list[Score]) -> dict[str, float]:
    """Shares of 0 to 1."""
    public = [score for score in scores if score.source != "constructed"]
    constructed = [score for score in scores if score.source == "constructed"]
    return {
        "public_right": share(score.right for score in public),
        "public_equal": share(score.equal for score in public),
        "public_sure": share(score.sure for score in public),
        "constructed_right": share(score.right for score in constructed),
        "constructed_sure": share(score.sure for score in constructed),
        "lost": share(score.missing for score in scores),
        "lost_posted": share(score.missing and score.sure for score in scores),
    }


def share(facts: Iterable[bool]) -> float:
    kept = list(facts)
    return round(sum(kept) / len(kept), 4) if kept else 0.0


def table(scores: list[Score], key: Callable[[Score], str]) -> None:
    names = ("right", "equal", "sure", "missing")
    print(f"{'':14}{'samples':>8}" + "".join(f"{name.replace('missing', 'lost'):>8}" for name in names))
    for group in sorted({key(score) for score in scores}):
        members = [score for score in scores if key(score) == group]
        columns = [sum(getattr(score, name) for score in members) for name in names]
        print(f"{group:14}{len(members):8}" + "".join(f"{column:8}" for column in columns))
    print()


if __name__ == "__main__":
    sys.exit(main())
