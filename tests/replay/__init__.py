"""The same conversations on Rasa's engine and on ours."""
