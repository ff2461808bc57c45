"""The world around the bureau, played by the sandbox: payers, platforms, the bank, a clerk."""
