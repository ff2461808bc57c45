"""Telegram: the only package that imports `telegram`."""

from bot.channels.telegram.channel import ChannelState, TelegramChannel

__all__ = ["ChannelState", "TelegramChannel"]
