"""Understanding what a resident writes: clean it, find the facts in it, say what is wanted."""

from bot.dialogue import tensorflow_free

tensorflow_free.install()
