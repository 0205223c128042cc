"""All platforms that are played here, in the order of the page."""

from __future__ import annotations

from infra.simulator import facebook, google, instagram, linkedin_words, shop_words, threads, whatsapp, x_words, youtube
from infra.simulator.platform import Place, Platform

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
    )
}


def place_of(key: str) -> tuple[Platform, Place]:
    """Raises KeyError."""
    found = [(platform, place) for platform in PLATFORMS.values() for place in platform.places if place.key == key]
    if not found:
        raise KeyError(key)
    return found[0]
