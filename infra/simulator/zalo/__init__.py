"""Zalo: the official account and the bot."""
