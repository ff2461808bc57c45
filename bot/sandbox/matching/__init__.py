"""Which bill line pays which notice, and what class every fen falls into."""
