"""Days of payments at any size, with everything that goes wrong in them, and the truth to compare with."""
