"""Bills as the channels and the bank really write them: reading, checking, refusing."""
