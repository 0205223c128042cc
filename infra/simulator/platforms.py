"""All platforms that are played here, in the order of the page."""

from __future__ import annotations

from infra.simulator import bluesky, google, line, mail, mastodon, telegram, tiktok, twilio, viber, youtube
from infra.simulator.linkedin import words as linkedin_words
from infra.simulator.meta import facebook, instagram, threads, whatsapp
from infra.simulator.platform import Place, Platform
from infra.simulator.shop import words as shop_words
from infra.simulator.tencent import wechat, wecom
from infra.simulator.x import words as x_words
from infra.simulator.zalo import account as zalo
from infra.simulator.zalo import bot as zalo_bot

PLATFORMS: dict[str, Platform] = {
    each.channel: each
    for each in (
        facebook.PLATFORM,
        instagram.PLATFORM,
        threads.PLATFORM,
        whatsapp.PLATFORM,
        x_words.PLATFORM,
        shop_words.PLATFORM,
        google.PLATFORM,
        linkedin_words.PLATFORM,
        youtube.PLATFORM,
        line.PLATFORM,
        zalo.PLATFORM,
        zalo_bot.PLATFORM,
        mail.PLATFORM,
        mail.LETTERS,
        telegram.PLATFORM,
        viber.PLATFORM,
        wechat.PLATFORM,
        wecom.PLATFORM,
        tiktok.PLATFORM,
        twilio.TEXTS,
        twilio.PHONE,
        mastodon.PLATFORM,
        bluesky.PLATFORM,
    )
}


def place_of(key: str) -> tuple[Platform, Place]:
    """Raises KeyError."""
    found = [(platform, place) for platform in PLATFORMS.values() for place in platform.places if place.key == key]
    if not found:
        raise KeyError(key)
    return found[0]
