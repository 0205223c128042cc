"""What the operator puts into Parameter Store arrives where the Lambdas read it, and never half-way."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import reply_address
from chalicelib.channels.base import Connection
from chalicelib.settings import Helpdesk, Owner, Phone, Settings
from infra import parameters as store
from infra.parameters import Parameters, Refused, reply_keys, secrets

OLD, NEW, NEWEST = "kQ7-oldest-value-2u", "Zb4-second-value-9s", "Lm2-third-value-5tt"
SETTINGS = Settings(
    business="喫茶店ひまわり",
    reply_domain="reply.shop.example",
    helpdesk=Helpdesk("support@shop.example"),
    owner=Owner("chef@shop.example"),
    connections={
        "fb": Connection("fb", "facebook", ("11", "22")),
        "shop": Connection("shop", "standard_webhooks", ("shop",)),
    },
)


@pytest.fixture(scope="module")
def ssm() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield boto3.client("ssm", region_name="eu-central-1")


@pytest.fixture
def parameters(ssm: Any) -> Parameters:
    # a client is slow to make, so all tests share one and begin with an empty store
    names = [found["Name"] for found in ssm.describe_parameters()["Parameters"]]
    if names:
        ssm.delete_parameters(Names=names)
    return Parameters(ssm, "/bridgehead/test")


def kept(parameters: Parameters, name: str) -> Any:
    return parameters.get(name)[0]


def described(parameters: Parameters, name: str) -> dict[str, Any]:
    found = parameters.ssm.describe_parameters(Filters=[{"Key": "Name", "Values": [f"/bridgehead/test/{name}"]}])
    return dict(found["Parameters"][0])


def put(parameters: Parameters, connection: str, name: str, value: str, **options: Any) -> None:
    secrets.put_secret(parameters, SETTINGS, connection, name, value, **options)


def test_a_receive_secret_is_put_where_only_receiving_looks(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    assert kept(parameters, "receive/fb") == {"app_secret": OLD}
    assert kept(parameters, "send/fb") is None
    assert described(parameters, "receive/fb")["Type"] == "SecureString"


def test_the_channel_reads_what_was_put(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    put(parameters, "fb", "app_secret", NEW)
    put(parameters, "fb", "page_tokens", NEWEST, account="22")
    received = Connection("fb", "facebook", ("11", "22"), secrets=kept(parameters, "receive/fb"))
    sent = Connection("fb", "facebook", ("11", "22"), secrets=kept(parameters, "send/fb"))
    assert received.secret("app_secret") == [NEW, OLD]
    assert sent.account_secret("page_tokens", "22") == NEWEST


def test_one_previous_value_stays_valid_and_no_more(parameters: Parameters) -> None:
    for value in (OLD, NEW, NEWEST):
        put(parameters, "fb", "app_secret", value)
    assert kept(parameters, "receive/fb") == {"app_secret": [NEWEST, NEW]}


def test_giving_the_same_value_again_keeps_the_previous_one(parameters: Parameters) -> None:
    for value in (OLD, NEW, NEW):
        put(parameters, "fb", "app_secret", value)
    assert kept(parameters, "receive/fb") == {"app_secret": [NEW, OLD]}


def test_a_leaked_value_is_gone_at_once(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    put(parameters, "fb", "app_secret", NEW, keep_previous=False)
    assert kept(parameters, "receive/fb") == {"app_secret": NEW}


def test_of_a_send_secret_only_the_newest_is_kept(parameters: Parameters) -> None:
    put(parameters, "shop", "reply_secret", OLD)
    put(parameters, "shop", "reply_secret", NEW)
    assert kept(parameters, "send/shop") == {"reply_secret": NEW}


def test_each_account_has_a_token_of_its_own(parameters: Parameters) -> None:
    put(parameters, "fb", "page_tokens", OLD, account="11")
    put(parameters, "fb", "page_tokens", NEW, account="22")
    put(parameters, "fb", "page_tokens", NEWEST, account="11")
    assert kept(parameters, "send/fb") == {"page_tokens": {"11": NEWEST, "22": NEW}}


def test_other_secrets_of_the_connection_stay(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    put(parameters, "fb", "verify_token", NEW)
    assert kept(parameters, "receive/fb") == {"app_secret": OLD, "verify_token": NEW}


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "short",
            "   fifteen-chars  ",
            "x" * 40,
            "abababababababababab",
            "change-me-please-now",
            "changeme123456789",
        ),
        *(
            "your-app-secret-here",
            "<paste your secret>",
            "${APP_SECRET_VALUE}",
            "EAAG...your token...ZD",
            "example_secret_value",
        ),
        *(
            "my secret is in the other file",
            "**************** hidden",
            "密码密码密码密码密码密码密码密码一二三四",
            "a1b2c3d4e5f6g7h8\x1b[31m",
        ),
    ],
)
def test_what_is_no_real_secret_is_refused_without_repeating_it(parameters: Parameters, value: str) -> None:
    with pytest.raises(Refused) as refused:
        put(parameters, "fb", "app_secret", value)
    assert not value.strip() or value.strip() not in str(refused.value)
    assert kept(parameters, "receive/fb") is None


def test_real_secrets_of_all_shapes_are_taken(parameters: Parameters) -> None:
    shapes = [
        *("9f86d081884c7d659a2feaa0c55ad015", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "EAAGm0PX4ZCpsBAKZCq1"),
        *(
            "2000000002-Qx7TzLwP3nB8vKd5",
            '{"token": "2000000002-Qx7TzLw", "secret": "P3nB8vKd5"}',
            "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5P",
        ),
    ]
    for shape in shapes:
        put(parameters, "fb", "app_secret", f" {shape}\n", keep_previous=False)
        assert kept(parameters, "receive/fb") == {"app_secret": shape}


@pytest.mark.parametrize(
    ("channel", "name", "given", "told"),
    [
        ("wechat", "aes_key", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX", "the EncodingAESKey, 43 letters and digits"),
        ("telegram", "bot_token", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "the whole token, with its number and colon"),
        ("telegram", "secret_token", "mit Leerzeichen 9x8y7z", "letters, digits, _ and - alone"),
        ("zalo", "access_tokens", "Zb4secondvalue9sKq7", "access token:refresh token"),
        ("wecom", "token", "kQ7oldestvalue2u\nZb4second", "has several lines: give it alone, on one line"),
    ],
)
def test_half_a_secret_is_told_before_it_is_needed(
    parameters: Parameters, channel: str, name: str, given: str, told: str
) -> None:
    settings = replace(SETTINGS, connections={"own": Connection("own", channel, ("1",))})
    account = "1" if name == "access_tokens" else None
    with pytest.raises(Refused) as refused:
        secrets.put_secret(parameters, settings, "own", name, given, account)
    assert told in str(refused.value)
    assert given not in str(refused.value)
    assert parameters.ssm.describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    ("words", "account", "said"),
    [
        (("fbb", "app_secret"), None, 'did you mean "fb"?'),
        (("fb", "appsecret"), None, 'did you mean "app_secret"?'),
        (("fb", "page_tokens"), None, "--account with one of: 11, 22"),
        (("fb", "page_tokens"), "33", "--account with one of: 11, 22"),
        (("fb", "app_secret"), "11", "leave --account out"),
    ],
)
def test_a_misspelling_is_told_and_nothing_is_written(
    parameters: Parameters, words: tuple[str, str], account: str | None, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        put(parameters, *words, NEW, account=account)
    assert said in str(refused.value)
    assert parameters.ssm.describe_parameters()["Parameters"] == []


def test_two_operators_at_once_are_told(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    _, version, _ = parameters.get("receive/fb")
    put(parameters, "fb", "app_secret", NEW)
    with pytest.raises(Refused, match="at the same moment"):
        parameters.put("receive/fb", {"app_secret": NEWEST}, after=version)


def test_two_operators_who_both_begin_are_told(parameters: Parameters) -> None:
    parameters.put("keys", {"current": "a"}, after=0)
    with pytest.raises(Refused, match="at the same moment"):
        parameters.put("keys", {"current": "b"}, after=0)
    assert kept(parameters, "keys") == {"current": "a"}


def test_what_is_missing_names_the_command_to_run(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    put(parameters, "fb", "page_tokens", NEW, account="11")
    assert [missing.command for missing in secrets.what_is_missing(parameters, SETTINGS)] == [
        "bridgehead secret set fb verify_token",
        "bridgehead secret set fb page_tokens --account 22",
        "bridgehead secret set shop signing_secret",
        "bridgehead secret set shop reply_secret",
    ]


def test_an_accounts_name_is_data_and_no_shell_command(parameters: Parameters) -> None:
    odd = Connection("fb", "facebook", ("店; rm -rf /",))
    settings = Settings("店", "reply.shop.example", SETTINGS.helpdesk, SETTINGS.owner, connections={"fb": odd})
    assert secrets.what_is_missing(parameters, settings)[-1].command.endswith("--account '店; rm -rf /'")


def test_a_value_that_is_too_short_by_other_hands_counts_as_missing(parameters: Parameters) -> None:
    parameters.put("receive/shop", {"signing_secret": "short"})
    assert "signing_secret" in [missing.name for missing in secrets.what_is_missing(parameters, SETTINGS)]


def test_the_status_tells_rotation_and_age_and_no_value(parameters: Parameters) -> None:
    put(parameters, "fb", "app_secret", OLD)
    put(parameters, "fb", "app_secret", NEW)
    status = secrets.secret_status(parameters, SETTINGS)
    first = status[0]
    assert (first.connection, first.name, first.side, first.is_set, first.has_previous) == (
        "fb",
        "app_secret",
        "receive",
        True,
        True,
    )
    assert isinstance(first.changed_at, datetime)
    assert status[-1].changed_at is None
    assert OLD not in repr(status)
    assert NEW not in repr(status)


def signing_in(login: str) -> Settings:
    by_app = Connection("x", "x", ("11",), {"login": login} if login else {})
    return replace(SETTINGS, connections={"x": by_app})


@pytest.mark.parametrize(
    ("login", "needed"),
    [
        ("", ["access_tokens"]),
        ("oauth2", ["access_tokens", "client_secret", "bearer_token"]),
        ("oauth2_public", ["access_tokens", "bearer_token"]),
    ],
)
def test_what_is_missing_depends_on_the_way_of_signing_in(
    login: str, needed: list[str], parameters: Parameters
) -> None:
    missing = secrets.what_is_missing(parameters, signing_in(login))
    assert [each.name for each in missing if each.side == "send"] == needed


def test_a_pair_is_not_taken_for_keys_nor_half_of_it_for_a_pair(parameters: Parameters) -> None:
    def give(login: str, value: str) -> None:
        secrets.put_secret(parameters, signing_in(login), "x", "access_tokens", value, account="11")

    with pytest.raises(Refused, match="access_tokens of x is not complete, it is made of: access token:refresh token"):
        give("oauth2", OLD)
    with pytest.raises(Refused, match="API Key:API Key Secret"):
        give("", f"{OLD}:{NEW}")
    give("oauth2", f"{OLD}:{NEW}")
    (state,) = [each for each in secrets.what_is_missing(parameters, signing_in("")) if each.name == "access_tokens"]
    assert "made of" in state.lacking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_secret_comes_from_a_pipe_or_a_prompt_without_echo() -> None:
    asked: list[str] = []
    prompt = lambda title: asked.append(title) or NEW  # type: ignore[func-returns-value]  # noqa: E731
    assert secrets.read_value("fb app_secret", io.StringIO(f"{OLD}\n"), prompt).strip() == OLD
    assert secrets.read_value("fb app_secret", Terminal(), prompt) == NEW
    assert asked == ["fb app_secret: "]


def test_settings_are_kept_readable_in_every_script(parameters: Parameters) -> None:
    written = {"business": "Café Brückenkopf 喫茶店 Tiệm bánh 面包店 مقهى ☕️", "marks": ["{{content}}", "{{{x}}}"]}
    store.put_settings(parameters, written)
    assert kept(parameters, "settings") == written
    assert described(parameters, "settings")["Type"] == "String"
    raw = parameters.ssm.get_parameter(Name="/bridgehead/test/settings")["Parameter"]["Value"]
    assert "喫茶店" in raw
    assert "{{" not in raw  # Parameter Store takes it for a reference


def test_settings_up_to_8_kb_are_taken_in_the_tier_that_fits_itself(parameters: Parameters) -> None:
    store.put_settings(parameters, {"marks": "店" * 2700})
    assert described(parameters, "settings")["Tier"] == "Intelligent-Tiering"
    with pytest.raises(Refused, match="settings has 9,012 bytes, 8,192 are possible"):
        store.put_settings(parameters, {"marks": "店" * 3000})
    assert kept(parameters, "settings") == {"marks": "店" * 2700}


def test_the_first_key_is_made_once(parameters: Parameters) -> None:
    assert reply_keys.ensure_keys(parameters) is True
    first = kept(parameters, "keys")
    assert reply_keys.ensure_keys(parameters) is False
    assert kept(parameters, "keys") == first
    assert len(b64decode(first["keys"][first["current"]])) == 32


def test_a_reply_address_opens_before_during_and_after_a_rotation(parameters: Parameters) -> None:
    reply_keys.ensure_keys(parameters)
    conversation, seen = "abcdefghijklmnop", [keys_of(parameters)]
    reply_keys.rotate_keys(parameters, sleep=lambda _: seen.append(keys_of(parameters)), now=lambda: 0.0)
    seen.append(keys_of(parameters))
    assert [keys.current for keys in seen] == ["a", "a", "b"]
    # whoever mails with the keys of one moment is understood by who read them one step earlier or any time later
    for mails, reads in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 2)]:
        address = reply_address.mint(conversation, "reply.shop.example", seen[mails])
        assert reply_address.read(address, "reply.shop.example", seen[reads]) == conversation


def keys_of(parameters: Parameters) -> reply_address.Keys:
    found = kept(parameters, "keys")
    return reply_address.Keys(found["current"], {key: b64decode(value) for key, value in found["keys"].items()}, "test")


def test_a_rotation_waits_until_no_cache_is_older(parameters: Parameters) -> None:
    reply_keys.ensure_keys(parameters)
    waited: list[float] = []
    assert reply_keys.rotate_keys(parameters, sleep=waited.append, now=lambda: 1000.0) == "b"
    assert waited == [300.0]


def test_an_interrupted_rotation_is_completed_when_run_again(parameters: Parameters) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    reply_keys.ensure_keys(parameters)
    with pytest.raises(KeyboardInterrupt):
        reply_keys.rotate_keys(parameters, sleep=interrupt)
    halfway = kept(parameters, "keys")
    assert (halfway["current"], list(halfway["keys"])) == ("a", ["a", "b"])
    waited: list[float] = []
    assert reply_keys.rotate_keys(parameters, sleep=waited.append) == "b"
    assert kept(parameters, "keys") == {**halfway, "current": "b"}
    assert 0 < waited[0] <= 300


def test_a_key_that_was_retired_meanwhile_does_not_come_back(parameters: Parameters) -> None:
    retired: list[str] = []
    reply_keys.ensure_keys(parameters)
    with pytest.raises(Refused, match="retired before it was used"):
        reply_keys.rotate_keys(parameters, sleep=lambda _: retired.extend(reply_keys.retire_old_keys(parameters)))
    assert retired == ["b"]
    assert list(kept(parameters, "keys")["keys"]) == ["a"]


def test_keys_cannot_be_rotated_before_there_are_any(parameters: Parameters) -> None:
    with pytest.raises(Refused, match="bridgehead configure"):
        reply_keys.rotate_keys(parameters)


def test_retired_keys_open_nothing_and_their_ids_return_last(parameters: Parameters) -> None:
    reply_keys.ensure_keys(parameters)
    assert reply_keys.retire_old_keys(parameters) == []
    names = [reply_keys.rotate_keys(parameters, sleep=lambda _: None) for _ in range(3)]
    assert names == ["b", "c", "d"]
    assert reply_keys.retire_old_keys(parameters) == ["a", "b", "c"]
    assert list(kept(parameters, "keys")["keys"]) == ["d"]
    assert reply_keys.rotate_keys(parameters, sleep=lambda _: None) == "e"


def test_thirty_two_keys_are_the_most(parameters: Parameters) -> None:
    keys = dict.fromkeys(reply_keys.KEY_IDS, "x")
    parameters.put("keys", {"current": "7", "keys": keys})
    with pytest.raises(Refused, match="retire"):
        reply_keys.rotate_keys(parameters, sleep=lambda _: None)


def test_the_phones_secret_serves_both_sides_and_is_asked_for_only_when_there_is_such_a_phone(
    parameters: Parameters,
) -> None:
    phoned = replace(SETTINGS, phone=Phone("twilio", "+4366012345", account="AC1"))
    missing = [status.command for status in secrets.what_is_missing(parameters, phoned) if status.connection == "phone"]
    assert missing == ["bridgehead secret set phone auth_token"] * 2
    for value in (OLD, NEW):
        secrets.put_secret(parameters, phoned, "phone", "auth_token", value)
    assert kept(parameters, "receive/phone") == {"auth_token": [NEW, OLD]}
    assert kept(parameters, "send/phone") == {"auth_token": NEW}
    for without in (SETTINGS, replace(SETTINGS, phone=Phone("aws", "+4366012345"))):
        with pytest.raises(Refused, match="no connection"):
            secrets.put_secret(parameters, without, "phone", "auth_token", NEW)
