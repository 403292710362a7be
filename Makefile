# run: the demo, in one command.  test: everything, on SQLite and PostgreSQL.  check: style, types, laws.
# look: every page and screen in a browser, with axe.  browse: the office's work and the agent's day, in a browser.
# pwa: the phone app, built.  test-pwa: its tests, and its core against the real server.  pictures: README's, taken anew.
# bench: ratios against the bare floor.  soak: many seeded fault campaigns, and 20 seeds of the demo.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CAMPAIGNS ?= 300
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test check bench soak look browse pictures pwa test-pwa

run: $(VENV)/ready-server,device
	@$(MAKE) -s --no-print-directory pwa || echo "The phone app was not built: it needs Node 20.19 or newer. The demo goes on without."
	$(BIN)/fairvisit demo

test: $(VENV)/ready-server,device,test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/ready-server,device,test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

look: $(VENV)/ready-server,device,test,browser pwa
	$(BIN)/python -m tests.browser.look
	$(BIN)/python -m tests.browser.office_look $(ARGS)
	$(BIN)/python -m tests.browser.phone_look

browse: $(VENV)/ready-server,device,test,browser pwa
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/browser $(ARGS)

pictures: pwa $(VENV)/ready-server,device,test,browser
	$(BIN)/python -m tests.browser.pictures

PWA = agent_sync/pwa

pwa: $(PWA)/dist/index.html

$(PWA)/dist/index.html: $(PWA)/node_modules/ready $(shell find $(PWA) -type d \( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print)
	cd $(PWA) && npm run build

test-pwa: $(PWA)/node_modules/ready $(VENV)/ready-server,device,test
	cd $(PWA) && npm run types && npm test
	$(BIN)/python -m pytest tests/contract/pwa tests/phone $(ARGS)

$(PWA)/node_modules/ready: $(PWA)/package-lock.json
	cd $(PWA) && npm ci
	touch $@

bench: $(VENV)/ready-server,device,test,browser
	$(BIN)/python -m tests.benchmark.run $(ARGS)

soak: $(VENV)/ready-server,device,test
	FV_CAMPAIGNS=$(CAMPAIGNS) FV_DEMO_SEEDS=20 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
		tests/fault tests/property tests/contract/demo/test_demo.py $(ARGS)

# The stamp says what was installed; a newer setup.cfg installs again.
$(VENV)/ready-%: setup.cfg
	@echo "Installing Fairvisit [$*] into $(VENV): about a minute the first time."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@
