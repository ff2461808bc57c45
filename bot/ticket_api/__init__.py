"""The tickets API: other systems read tickets and work on them over HTTP."""
