"""The owner's phone buzzes when a customer waits, and what the owner texts back is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.http import Lost, Response
from tests import story
from tests.phone.pocket import OWNER, STRANGER, Pocket, pocket


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pocket]:
    with pocket(monkeypatch) as made:
        yield made


def test_nobody_answers_the_phone_buzzes_and_the_owners_text_is_the_answer(phone: Pocket) -> None:
    phone.question()
    phone.wait(31)
    (text,) = phone.texts()
    code = phone.code()
    assert (
        text
        == f'{code} Facebook, Mia Muster: "Habt ihr am Sonntag offen? ☕" Waiting 30 min, due 11:00. To answer: {code} + your words.'
    )
    phone.text(f"{code} Ja, von 9 bis 18 Uhr! 🙂")
    assert phone.posts() == ["Ja, von 9 bis 18 Uhr! 🙂"]
    assert phone.texts()[1:] == ['Posted on Facebook for Mia Muster: "Ja, von 9 bis 18 Uhr! 🙂"']
    phone.wait(180)
    assert len(phone.texts()) == 2


def test_a_posted_answer_also_stands_in_the_ticket_so_that_no_agent_answers_again(phone: Pocket) -> None:
    asked(phone)
    phone.text(f"{phone.code()} Ja, gern!")
    assert [mail["X-Bridgehead-Kind"] for mail in phone.world.mails()] == ["ticket", "ticket"]
    assert "Ja, gern!" in str(phone.world.mails()[-1].get_body(("plain",)))


def test_a_text_that_was_decided_before_the_answer_came_is_not_sent(phone: Pocket) -> None:
    asked(phone)
    phone.question(author="9002", name="Ben")
    phone.wait(26)
    phone.text(f"{phone.code()} Ja, gern!")  # 59 minutes: the text at 60 is needless
    phone.wait(3)
    assert [each for each in phone.texts() if "Mia" in each][1:] == ['Posted on Facebook for Mia Muster: "Ja, gern!"']


def test_ok_and_a_thumb_end_the_texts_about_a_question_but_not_the_clock(phone: Pocket) -> None:
    for sign in ("ok", "👍🏽"):
        phone.question(author=f"90{len(sign)}", name=f"Mia {len(sign)}")
        phone.wait(35)
        phone.text(f"{phone.code()} {sign}")
        assert phone.texts()[-1].endswith("seen. No more texts about this question.")
        count = len(phone.texts())
        phone.wait(60)
        assert len(phone.texts()) == count
    assert phone.posts() == []


def test_a_code_and_a_question_mark_show_the_question_again(phone: Pocket) -> None:
    asked(phone)
    phone.text(f"{phone.code()}?")
    assert phone.texts()[1] == phone.texts()[0].replace("30 min", "32 min")


def test_a_text_is_known_when_it_is_delivered_again(phone: Pocket) -> None:
    asked(phone)
    code = phone.code()
    for _ in range(3):
        phone.text(f"{code} Ja, gern!", id="SM-the-same")
    phone.again()
    assert phone.posts() == ["Ja, gern!"]
    assert len(phone.texts()) == 2


def test_commands_work_as_in_mail(phone: Pocket) -> None:
    asked(phone)
    code = phone.code()
    phone.text(f"{code} #note only for us")
    assert "nothing was posted" in phone.texts()[-1]
    phone.text(f"{code} #hold 2h Bis später")
    assert "goes out 12:32 on Facebook" in phone.texts()[-1]
    phone.wait(119)
    assert phone.posts() == []
    phone.wait(2)
    assert phone.posts() == ["Bis später"]
    phone.question("Noch etwas?", author="9003", name="Cem")
    phone.wait(31)
    phone.text(f"{phone.code()} #close")
    assert phone.texts()[-1].endswith("Cem: settled, nobody waits any more.")
    assert phone.posts() == ["Bis später"]


def test_what_may_not_be_posted_comes_back_with_the_reason(phone: Pocket) -> None:
    asked(phone)
    code = phone.code()
    phone.text(f"{code} ja@{'reply.lindner.example'} schreiben")
    phone.text(f"{code} #private #public was denn")
    phone.text(f"{code} Ja, gern!")
    phone.text(f"{code} Ja, gern!")
    assert phone.posts() == ["Ja, gern!"]
    whys = [each.partition("NOT posted. ")[2].partition(" Your words")[0] for each in phone.texts()]
    assert len([why for why in whys if why]) == 3


def test_what_the_platform_refuses_comes_back_with_the_reason(phone: Pocket) -> None:
    asked(phone)
    refusal = b'{"error": {"code": 100, "error_subcode": 33, "message": "gone"}}'
    phone.world.site.between = lambda operation, real: refused(refusal) if operation == "Post" else real()
    phone.text(f"{phone.code()} Ja, gern!")
    assert "NOT posted" in phone.texts()[-1]
    assert phone.posts() == []


def test_pictures_are_kept_out_with_a_word(phone: Pocket) -> None:
    asked(phone)
    phone.text(f"{phone.code()} so sieht er aus", NumMedia="1")
    assert phone.texts()[-1].startswith("Pictures cannot be posted")
    assert phone.posts() == []


def test_words_without_a_code_are_asked_about_and_never_guessed(phone: Pocket) -> None:
    asked(phone)
    phone.text("Ja, kommt vorbei!")
    assert phone.texts()[-1] == 'For Mia Muster on Facebook: "Ja, kommt vorbei!" Post it? Answer YES.'
    assert phone.posts() == []
    phone.text("Yes")
    assert phone.posts() == ["Ja, kommt vorbei!"]
    phone.text("yes")
    assert phone.posts() == ["Ja, kommt vorbei!"]


def test_words_without_a_code_when_several_wait_are_answered_with_whose_codes_there_are(phone: Pocket) -> None:
    phone.question()
    phone.wait(12)
    phone.question(author="9002", name="花子")
    phone.wait(40)
    phone.text("Ja, kommt vorbei!")
    assert phone.texts()[-1].startswith("Which customer? Put the code in front of your words: ")
    assert "Mia Muster" in phone.texts()[-1]
    assert "花子" in phone.texts()[-1]
    phone.text("yes")
    assert phone.posts() == []


def test_a_bare_yes_with_a_code_is_asked_about(phone: Pocket) -> None:
    asked(phone)
    phone.text(f"{phone.code()} Ja")
    assert 'Mia Muster on Facebook: "Ja" Post it?' in phone.texts()[-1]
    phone.text("ja")
    assert phone.posts() == ["Ja"]


def test_a_yes_comes_too_late_after_half_an_hour(phone: Pocket) -> None:
    asked(phone)
    phone.text("Ja, kommt vorbei!")
    phone.wait(31)
    phone.text("Yes")
    assert phone.posts() == []


def test_an_unknown_code_posts_nothing(phone: Pocket) -> None:
    asked(phone)
    other = "B2" if phone.code() != "B2" else "C3"
    phone.text(f"{other} Ja, kommt vorbei!")
    assert phone.texts()[-1].startswith(f"{other} stands for nobody now.")
    assert phone.posts() == []


@pytest.mark.parametrize("words", ["申し訳ございません。", "Xin lỗi ạ!", "我们很抱歉。", "نعتذر منكم", "Grüße 🎂"])
def test_answers_in_every_script_arrive_as_they_were_written(phone: Pocket, words: str) -> None:
    asked(phone)
    phone.text(f"{phone.code()} {words}")
    assert phone.posts() == [words]
    assert words in phone.texts()[-1]


def test_a_stranger_gets_no_answer_and_nothing_is_posted(phone: Pocket) -> None:
    asked(phone)
    phone.text(f"{phone.code()} Buy watches!", sender=STRANGER)
    assert phone.posts() == []
    assert phone.texts(STRANGER) == []
    (put_aside,) = [item for item in phone.world.items() if item["kind"] == "quarantine"]
    assert (put_aside["source"], put_aside["reason"]) == ("text", "stranger")


def test_a_text_whose_origin_is_not_proven_changes_nothing(phone: Pocket) -> None:
    asked(phone)
    before = phone.world.items()
    assert phone.deliver(f"{phone.code()} Buy watches!", token="another-token-of-theirs").status_code == 401
    assert phone.world.items() == before


def test_stop_ends_all_texts_and_the_owner_is_told_by_mail_until_start(phone: Pocket) -> None:
    asked(phone)
    phone.text("STOP")
    phone.text("stop")
    mails = [mail for mail in phone.world.mails() if mail["To"] == "chefin@lindner.example"]
    assert [mail["Subject"] for mail in mails] == ["Texts to a phone have been stopped"]
    phone.question(author="9002", name="Ben")
    phone.wait(120)
    assert len(phone.texts()) == 1
    phone.text("Start")
    phone.question(author="9003", name="Cem")
    phone.wait(31)
    assert "Cem" in phone.texts()[-1]


def asked(phone: Pocket) -> None:
    """A customer has been waiting for half an hour and a bit, and the phone has buzzed."""
    phone.question()
    phone.wait(32)
    assert len(phone.texts(OWNER)) == 1


def refused(body: bytes) -> Response:
    return Response(400, body)


def test_an_answer_of_which_nobody_knows_is_told_to_be_looked_for(phone: Pocket) -> None:
    asked(phone)

    def lost(operation: str, real: Callable[[], Response]) -> Response:
        raise Lost("timeout")

    phone.world.site.between = lost
    phone.text(f"{phone.code()} Ja, gern!")
    phone.wait(15)
    assert "please check whether it was posted" in phone.texts()[-1]


def test_a_text_waits_no_longer_when_an_answer_is_written_and_waits_for_its_time(phone: Pocket) -> None:
    phone.world.clock.now = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    phone.question()
    phone.wait(40)  # the text at half of the hour waits for the morning
    (ticket,) = [mail for mail in phone.world.mails() if mail["X-Bridgehead-Kind"] == "ticket"]
    address = ticket["Reply-To"].addresses[0].addr_spec
    phone.world.agent(story.answer(ticket, "#hold 12h Guten Morgen!"), address)
    phone.wait(60 * 11)
    assert phone.texts() == []


def test_a_word_for_stop_that_only_twilio_knows_is_believed(phone: Pocket) -> None:
    asked(phone)
    phone.text("Ruhe", OptOutType="STOP")
    phone.text("?", OptOutType="HELP")
    phone.text("?")
    assert len(phone.texts()) == 1


def test_a_form_of_absurd_size_is_forged(phone: Pocket) -> None:
    assert phone.deliver("A7 hallo", **{f"Field{number}": "x" for number in range(400)}).status_code == 401
