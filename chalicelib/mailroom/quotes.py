"""Which lines of a mail are the agent's own: quotes go, answers above, between and below them stay.

An attribution line, a header block, our own address or the customer's name says that a quote follows. If what follows is
marked (`>`, a tab, a blockquote), only the marked lines go; if nothing is marked, everything after it does.
A marked block that nothing introduces was put there by the agent, unless we know its words or it ends the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.mailroom.attributions import holds_a_sentence, is_dated, says_written
from chalicelib.mailroom.lines import Line, Opener, is_rule, next_written, tokens
from chalicelib.mailroom.openers import is_forward, label_of, opener_ending_at

WRAPPED = 45  # characters; a quoted line this long may have been broken by the mail program, losing its `>`


@dataclass(frozen=True)
class Own:
    """What can only stand in a quote of our mail."""

    addresses: tuple[str, ...] = ()  # case-folded
    names: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    known: frozenset[tuple[str, ...]] = frozenset()  # the words of lines sent or received before

    def address_in(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self.addresses)

    def mark_in(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self.marks)

    def name_in(self, text: str) -> bool:
        folded = text.casefold()
        return any(name in folded for name in self.names)


@dataclass
class Walk:
    """The state of one pass over the lines."""

    lines: Sequence[Line]
    own: Own
    behind_ours: int = (
        0  # behind the last line with a mark: our mails begin and end with one, an answer may stand below
    )
    kept: list[Line] = field(default_factory=list)
    how: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    ended: bool = False  # everything to the end was cut: what is missing there does not matter
    attributed: bool = False  # an opener was met: later marked blocks belong to the same quote

    @property
    def written(self) -> bool:
        return any(not line.blank and not is_rule(line.text) for line in self.kept)


def without_quotes(lines: Sequence[Line], own: Own) -> Walk:
    """Walk over all lines; `kept` are the agent's, `how` the rules that cut, `doubts` why one should look at it."""
    walk = Walk(lines, own, 1 + max((i for i, line in enumerate(lines) if own.mark_in(line.text)), default=-1))
    openers = _openers(lines, own)
    at = 0
    while at < len(lines):
        opener = openers.get(at)
        if opener and not lines[at].quoted:
            at = _skip_opener(walk, opener)
        elif lines[at].quoted:
            at = _quoted_block(walk, at, openers)
        else:
            walk.kept.append(lines[at])
            at += 1
    return walk


def first_of_ours(lines: Sequence[Line], own: Own) -> int:
    """Where the first line with something of ours stands, or the attribution around it; the end if there is none."""
    return next((o.start for i in range(len(lines)) if (o := _own_opener(lines, i, own))), len(lines))


def _openers(lines: Sequence[Line], own: Own) -> dict[int, Opener]:
    """Every opener by its first line; one that holds something of ours is certain, and needs no known language."""
    found: dict[int, Opener] = {}
    at = 0
    while at < len(lines):
        opener = opener_ending_at(lines, at)
        if opener is None or not opener.strong:
            opener = _own_opener(lines, at, own) or opener
        if opener:
            found.setdefault(opener.start, opener)
        at = opener.end if opener else at + 1
    return found


def _own_opener(lines: Sequence[Line], at: int, own: Own) -> Opener | None:
    """A line with our address anywhere, or with the customer's name where it introduces something."""
    text = lines[at].text
    if own.address_in(text):
        return Opener(_paragraph_start(lines, at), _own_end(lines, at), "own-address")
    if own.mark_in(text):
        return Opener(at, at + 1, "own-mark")
    if own.name_in(text) and (evidence := _introduces(lines, at)):
        return Opener(_paragraph_start(lines, at), _own_end(lines, at), "own-name", strong=evidence == "strong")
    return None


def _paragraph_start(lines: Sequence[Line], at: int) -> int:
    """An attribution may have been wrapped: a line above with a date and no end of sentence belongs to it."""
    above = lines[at - 1] if at else None
    joins = above and not above.blank and above.quoted == lines[at].quoted and len(above.text) < 100
    if above and joins and above.text.rstrip()[-1] not in ".!?。！？:：" and any(c.isdigit() for c in above.text):
        return at - 1
    return at


def _own_end(lines: Sequence[Line], at: int) -> int:
    """The line after the attribution: its rest ("wrote:") may have been wrapped to the next line."""
    for end in range(at, min(at + 3, len(lines))):
        if lines[end].blank or lines[end].quoted != lines[at].quoted:
            break
        if lines[end].text.rstrip().endswith((":", "：")):
            return end + 1
    return at + 1


def _introduces(lines: Sequence[Line], at: int) -> str:
    """Not "Dear Jane Doe,": a label, an address, a verb or the quote itself is beside the name, or at least a date."""
    end = _own_end(lines, at)
    beside = " ".join(line.text for line in lines[at:end])
    after = next_written(lines, end)
    marked = after < len(lines) and (lines[after].quoted or lines[after].raw.startswith("\t"))
    closed, dated = beside.rstrip().endswith((":", "：")), is_dated(beside)
    if label_of(lines[at].text) in ("from", "to"):
        return "strong" if any(label_of(line.text) for line in lines[at + 1 : at + 4]) else ""
    if (marked and (dated or closed)) or (closed and "@" in beside):
        return "strong"
    return ("strong" if says_written(beside) else "weak") if dated and closed else ""


def _skip_opener(walk: Walk, opener: Opener) -> int:
    """Past the opener and, where the quote behind it is not marked, to the end of the mail."""
    lines = walk.lines
    after = next_written(lines, opener.end)
    if is_forward(lines, opener):
        walk.doubts.append("forwarded")
    if opener.rule.startswith("own-") and holds_a_sentence(lines[opener.start].text):
        walk.doubts.append("attribution-in-text")
    walk.how.append(opener.rule)
    if after < len(lines) and lines[after].quoted:
        walk.attributed = True
        return after
    if after < len(lines) and lines[after].raw.startswith("\t"):
        walk.attributed = True
        return _indented_end(lines, after)
    return _unmarked(walk, opener, after)


def _indented_end(lines: Sequence[Line], at: int) -> int:
    while at < len(lines) and (lines[at].blank or lines[at].raw.startswith("\t")):
        at += 1
    return at


def _unmarked(walk: Walk, opener: Opener, after: int) -> int:
    """A quote without marks runs to the end. If nothing stands before it we cannot tell where the answer begins."""
    if after >= len(walk.lines):
        return after
    if not walk.written and walk.behind_ours > opener.end:
        return walk.behind_ours
    if not walk.written and opener.rule in ("attribution", "own-mark"):
        walk.doubts.append("quote-first")
        return opener.end
    if not opener.strong:
        walk.doubts.append("weak-attribution")
    walk.ended = True
    return len(walk.lines)


def _quoted_block(walk: Walk, at: int, openers: dict[int, Opener]) -> int:
    end, broken = _block_end(walk.lines, at)
    block = walk.lines[at:end]
    inside = [openers[i] for i in range(at, end) if i in openers]
    known = any(tokens(line.text) in walk.own.known for line in block if len(line.text) > 8)
    last = next_written(walk.lines, end) >= len(walk.lines) and not any(line.indented for line in block)
    introduced = walk.attributed or any(line.certain for line in block) or any(o.strong for o in inside) or known
    if inside and is_forward(walk.lines, inside[0]) and next_written(walk.lines, at) == inside[0].start:
        walk.doubts.append("forwarded")
    if not introduced and (not last or (len(block) == 1 and not inside) or not walk.written):
        walk.doubts.append("quote-unattributed")
    if not introduced and not last:
        walk.kept.extend(block)
        return end
    walk.doubts.extend(["broken-quote"] if broken else [])
    walk.how.append("known-quote" if known and not walk.attributed else "quote")
    walk.attributed = walk.attributed or introduced
    return end


def _block_end(lines: Sequence[Line], at: int) -> tuple[int, bool]:
    """The end of a marked block, blank lines between marked ones included, and whether a broken line was among them."""
    broken = False
    while at < len(lines):
        if lines[at].quoted:
            at += 1
            continue
        after = next_written(lines, at)
        if after < len(lines) and lines[after].quoted and after > at:
            at = after
        elif _is_broken_off(lines, at):
            at, broken = at + 1, True
        else:
            break
    return at, broken


def _is_broken_off(lines: Sequence[Line], at: int) -> bool:
    """The tail of a long quoted line that a mail program wrapped without a `>`."""
    if at == 0 or at + 1 >= len(lines) or lines[at].blank or not (lines[at + 1].quoted and lines[at - 1].quoted):
        return False
    before, text = lines[at - 1].text.rstrip(), lines[at].text.strip()
    wrapped = len(before) >= WRAPPED or "http" in before
    return text.startswith(("(http", "<http")) or (
        wrapped and before[-1:] not in ".?!:。？！：" and (text[0].islower() or not text[0].isalpha())
    )
