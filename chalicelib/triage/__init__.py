"""What kind of message this is: intent, language, priority, and why. Pure, by words and signs alone.

The desk starts no clock for praise, thanks and shares, so these are only said where nothing else can be meant: a text
that consists of nothing but such words and emoji, a full rating or a share without words. A message that is not
understood has the intent "", and somebody waits for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.model import Kind
from chalicelib.settings import Settings
from chalicelib.triage.languages import language_of
from chalicelib.triage.vocabulary import LANGUAGES, Vocabulary, folded, glue, has, units, vocabulary, words

PRAISE, THANKS, SHARE, ADVICE, VENT, DEMAND = "praise", "thanks", "share", "advice", "vent", "demand"
INTENTS = (PRAISE, VENT, DEMAND, SHARE, ADVICE, THANKS)
HIGH = "high"
BAD, GOOD = 0.4, 0.8  # of a full rating
LONGEST_READ = 2_000  # characters; what a message is shows early
LONGEST_POLITE = 200  # characters; who writes more than that says something


class Sorted(NamedTuple):
    """What a message is; `why` has a short code for each thing that was decided."""

    intent: str  # one of INTENTS, or "" where it is not certain
    language: str
    priority: str  # "high", or ""
    why: tuple[str, ...]


def sort(text: str, kind: Kind, rating: str, followers: int | None, settings: Settings) -> Sorted:
    """`rating` is a review's, as in `model.Message`; `followers` the author's, None where the platform does not tell."""
    said = _MENTION.sub(" ", text[:LONGEST_READ])
    language, shown = language_of(said), folded(said)
    intent, why = next(_intents(shown, language, kind, _share_of(rating)), ("", ""))
    reasons = {"reach": 0 < settings.reach <= (followers or 0), "rating-low": _is_bad(_share_of(rating))}
    urgent = [reason for reason, holds in reasons.items() if holds]
    return Sorted(intent, language, HIGH if urgent else "", tuple(dict.fromkeys(filter(None, (why, *urgent)))))


def _intents(text: str, language: str, kind: Kind, rating: float | None) -> Iterator[tuple[str, str]]:
    """Everything that speaks for an intent, the strongest first."""
    spoken = (language,) if language in LANGUAGES else LANGUAGES
    known = {code: vocabulary(code) for code in spoken}
    if any(has(text, words_of.demand, code) for code, words_of in known.items()):
        yield DEMAND, "words-demand"
    if _is_bad(rating):
        yield VENT, "rating-low"
    if _ANGRY & set(text) or any(has(text, words_of.vent, code) for code, words_of in known.items()):
        yield VENT, "words-anger"
    if _QUESTION.search(text):
        yield ADVICE, "question-mark"
    if rating is None or rating >= GOOD:
        yield from _pleased(text, kind, rating)
    if any(has(text, words_of.asks, code) for code, words_of in known.items()) or _begins_to_ask(text, language):
        yield ADVICE, "words-question"


def _pleased(text: str, kind: Kind, rating: float | None) -> Iterator[tuple[str, str]]:
    """Praise, thanks and shares: nobody will answer, so nothing else may be in it."""
    if not text.strip() and rating == 1:
        yield PRAISE, "rating-full"
    if kind is Kind.QUOTE and not _LINK.sub("", text).strip():
        yield SHARE, "share-wordless"
    cheerful = _FACE.sub("\N{SMILING FACE WITH SMILING EYES}", text)
    signs = {sign for sign in cheerful if not sign.isalpha()}
    if len(text) > LONGEST_POLITE or signs - _HARMLESS - _HAPPY or _IRONY.search(text):
        return
    if words(text):
        kinds = {kind for code in LANGUAGES for kind in _polite(cheerful, vocabulary(code), code)}
        yield from ((intent, f"only-{intent}") for intent in (PRAISE, THANKS) if intent in kinds)
    elif signs & _HAPPY:
        yield PRAISE, "only-emoji"


def _polite(text: str, words_of: Vocabulary, code: str) -> frozenset[str]:
    """Which kinds of phrases a text consists of; none when anything else is in it."""
    found, sign = units(text, code), glue(code)
    reached = {0: frozenset[str]()}
    for start in range(len(found)):
        for end in range(start + 1, min(start + words_of.longest, len(found)) + 1) if start in reached else ():
            kind = words_of.kinds.get(sign.join(found[start:end]))
            if kind:
                reached[end] = reached.get(end, frozenset()) | reached[start] | {kind}
    return reached.get(len(found), frozenset())


def _begins_to_ask(text: str, language: str) -> bool:
    first = vocabulary(language).asks_first if language in LANGUAGES else frozenset()
    return any(words(sentence)[:1] and words(sentence)[0] in first for sentence in _SENTENCE.split(text))


def _share_of(rating: str) -> float | None:
    """Of a full rating; None where there is none, or one we cannot read."""
    stars = _STARS.fullmatch(rating)
    return float(stars[1]) / float(stars[2]) if stars else _RECOMMENDATIONS.get(rating)


def _is_bad(rating: float | None) -> bool:
    return rating is not None and rating <= BAD


_RECOMMENDATIONS = {"POSITIVE": 1.0, "NEGATIVE": 0.0}
_STARS = re.compile(r"([0-9](?:\.[0-9])?)/([1-9][0-9]?)")
_MENTION = re.compile(r"(?<!\w)@[\w-]+(?:\.[\w-]+)*")
_LINK = re.compile(r"https?://\S+")
_QUESTION = re.compile(r"[?\u061f\u037e]")  # the full-width one is folded; Arabic and Greek have their own
_SENTENCE = re.compile(r"[.!\n\u3002]+")
_IRONY = re.compile(r"\.\.|\u3002\u3002")  # "Great..." is no praise
_FACE = re.compile(r"[:;=]-?[)d](?!\w)|<3|\^_?\^")
_ANGRY = set("😡🤬😠👿👎🖕💩🤮")
_HAPPY = set(
    "😊😀😃😄😁🙂😍🥰😘🤩😎🤗🥳😻😋🤤😌❤♥🧡💛💚💙💜🤎🖤🤍💕💖💗💓💞💘💝👍👏🙌💪👌🔥💯⭐🌟✨🎉🎊🥂🏆🥇☀🌸🌹💐🌺🌷"
)
# also what makes one emoji of several: selectors, joiners, skin tones, genders
_HARMLESS = set(" \t\n!¡.,~'-–—♪、。・🙏🙇👋🍀😉\ufe0f\u200d\u2640\u2642🏻🏼🏽🏾🏿")
