# The habits of this project. Every target does what it needs first, and is quick when there is nothing to do.
VENV ?= .venv
PYTHON := $(VENV)/bin/python
export VENV PYTHON_VERSION
export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1

.PHONY: help setup setup-dev train run chat test conversations lint types check evaluate bench bench-nlu bench-regression profile bench-console replay match-day conformance lock browser postgresql telemelya faults faults-small screenshots transcript week explanations clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## make the virtual environment and install what the bot needs
	@deploy/setup.sh runtime

setup-dev:
	@deploy/setup.sh dev

train: setup ## train the model, if its data changed
	@$(PYTHON) -m bot train

run: train ## start the bot, the sandbox, the web chat and the console
	@exec $(PYTHON) -m bot run

chat: train ## talk to the bot in this terminal
	@exec $(PYTHON) -m bot chat

test: setup-dev ## run every test that needs no extra service
	@$(PYTHON) -m bot train
	$(PYTHON) -m pytest -n 2 --dist loadfile

conversations: setup-dev ## run only the conversation tests
	@$(PYTHON) -m bot train
	$(PYTHON) -m pytest tests/conversations tests/unit/actions

lint: setup-dev ## check style, and who imports whom between rooms
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(VENV)/bin/lint-imports

types: setup-dev ## check types
	$(PYTHON) -m mypy

check: lint types test ## everything that a change has to pass

evaluate: setup-dev ## measure understanding on the evaluation sets
	@$(PYTHON) -m bot train
	$(PYTHON) -m bot evaluate

bench: setup-dev ## measure a stock Rasa deployment beside ours; write docs/performance.md (the first time it trains for an hour)
	@$(PYTHON) -m bot train
	$(PYTHON) -m benchmarks.serving

bench-nlu: setup-dev ## measure a stock pipeline's understanding beside ours
	$(PYTHON) -m benchmarks.nlu

bench-regression: setup-dev ## compare a message's CPU time with that of Rasa's own engine, as a ratio (half a minute)
	@$(PYTHON) -m bot train
	@$(PYTHON) -W ignore -m benchmarks.regression

profile: setup-dev ## measure where a message's time goes; write it into docs/performance.md
	@$(PYTHON) -m bot train
	$(PYTHON) -W ignore -m benchmarks.profile --write

replay: setup-dev ## have 200 conversations on Rasa's engine and on ours, and compare every reply and event
	@$(PYTHON) -m bot train
	$(PYTHON) -m pytest tests/replay -m replay

bench-console: setup-dev ## measure the console's pages over 100,000 tickets, on SQLite and PostgreSQL; write docs/console.md (five minutes)
	$(PYTHON) -m benchmarks.console --write docs/console.md

match-day: setup ## match 1,000,000 payments of a generated day and compare with the truth
	$(PYTHON) -m bot.sandbox match-day --payments 1000000 --seed 1

match-day-kept: setup ## the same with 100,000 through the real door, into a database, the server killed five times
	@rm -rf var/match-day && mkdir -p var/match-day
	$(PYTHON) -m bot.sandbox match-day --payments 100000 --seed 1 --day 2026-11-10 --database sqlite:///var/match-day/books.db --kills 5

conformance: setup-dev ## hold the sandbox and our client against the contract, with calls and answers generated from it
	$(PYTHON) -m pytest tests/conformance -m 'conformance or not conformance'

browser: setup-dev ## run the browser tests in Debian's chromium
	@$(PYTHON) -m bot train
	$(PYTHON) -m pytest tests/browser -m browser

postgresql: setup-dev ## run the storage and desk tests on a private PostgreSQL server
	$(PYTHON) -m pytest tests/integration/postgresql -m postgresql

faults: setup-dev ## kill the product again and again while 500 residents talk; write docs/reliability.md
	@$(PYTHON) -m bot train
	$(PYTHON) -m tests.faults --residents 500 --messages 10 --kills 20 --seed 1 --minutes 5 --write docs/reliability.md

faults-small: setup-dev ## the same in a minute and a half, and the tests that start and kill whole processes
	@$(PYTHON) -m bot train
	$(PYTHON) -m tests.faults --residents 50 --messages 5 --kills 5 --seed 1 --minutes 1.5
	$(PYTHON) -m pytest tests/faults -m faults

telemelya: setup-dev ## check Telegram over webhook with an emulator that is not ours (needs python3.11, redis-server)
	tests/telemelya/run.sh

screenshots: setup-dev ## take the pictures in docs/ again
	@$(PYTHON) -m bot train
	SCREENSHOTS=1 $(PYTHON) -m pytest tests/browser -m browser

transcript: setup-dev ## write docs/transcript.md again by talking to the running bot
	@$(PYTHON) -m bot train
	$(PYTHON) -m tests.transcript

week: setup-dev ## let a simulated week pass and judge every promise, push and reminder against the truth
	@$(PYTHON) -m bot train
	@$(PYTHON) -W ignore -m tests.week

explanations: setup-dev ## write docs/explanations.md again: everything that is said about a payment
	$(PYTHON) -m tests.explanations

lock: ## resolve the dependencies again and write the locks
	uv lock --quiet
	uv export --quiet --format requirements-txt --no-dev --no-header --no-annotate -o requirements.lock >/dev/null
	uv export --quiet --format requirements-txt --no-header --no-annotate -o requirements-dev.lock >/dev/null

clean: ## forget the environment, the model and the data of this checkout
	rm -rf $(VENV) models .rasa var reports
