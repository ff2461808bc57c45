"""What the bureau has on its books: notices, orders, what channels said, bills, payments."""
