#!/usr/bin/env bash
# Build the phone app and the wheel, install it in an empty venv away from the checkout and without Node, serve, enrol and
# exchange, by agent-sync and through the app in a real Chromium: what a user would do.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout="$PWD"
python="$PWD/.venv/bin/python"
away=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$away"' EXIT

make pwa >"$away/app.log" 2>&1 || { tail -n 20 "$away/app.log"; echo "The wheel needs the phone app, which needs Node 20.19 or newer."; exit 1; }
"$python" -m build --wheel --outdir "$away/wheel" . >"$away/build.log" 2>&1 || { tail -n 20 "$away/build.log"; exit 1; }
"$python" - "$away"/wheel/*.whl <<'HELD'
import subprocess, sys, zipfile
held = {name for name in zipfile.ZipFile(sys.argv[1]).namelist() if name.startswith("agent_sync/pwa/")}
built = set(subprocess.check_output(["find", "agent_sync/pwa/dist", "-type", "f"], text=True).split())
assert held == built, f"the wheel holds another app than was built: {sorted(held ^ built)}"
HELD
python3 -m venv "$away/venv"
"$away/venv/bin/pip" install --quiet --disable-pip-version-check "$(ls "$away"/wheel/*.whl)[server,device]"
cd "$away"
export FAIRVISIT_DATABASE_URL="sqlite:///$away/fairvisit.db" FAIRVISIT_FOLDER="$away/folder" FAIRVISIT_HOUSE_RULEBOOK="$checkout/tests/no_rules.yaml"
installed() { env PATH="$away/venv/bin" "$@"; } # nothing but what the wheel brought: no Node
if installed node --version 2>/dev/null; then echo "There is a Node in the venv, which should be without."; exit 1; fi
port=$(installed python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
address="http://127.0.0.1:$port"
env PATH="$away/venv/bin" fairvisit serve --port "$port" >server.log 2>&1 & # itself, not a shell around it, is ended
server=$!
for _ in $(seq 120); do
    installed python -c "import urllib.request as u; u.urlopen('$address/ready')" 2>/dev/null && break
    sleep 0.5
done
new_code() { installed fairvisit enrol a12 --json 2>/dev/null | installed python -c 'import json, sys; print(json.load(sys.stdin)["code"])'; }
printf 'Loan No,Name,Address,Amount\nLN-1,Ana Example,1 Sample St,100.00\n' >portfolio.csv
{
    installed fairvisit import portfolio.csv --lender acme --currency USD
    installed fairvisit agents add a12 "Ann Agent" --agency "North Field"
    installed fairvisit assign LN-1 --agent a12
} >office.log 2>&1 || { cat office.log; exit 1; }
installed agent-sync --store phone.db enrol "$(new_code)" --server "$address"
installed agent-sync --store phone.db exchange | tee exchange.txt
grep -q "Everything recorded on this device was received by the server." exchange.txt
installed python - "$address" <<'PAGES'
import json, re, sys, urllib.request as u
from urllib.parse import urljoin
def read(path): return u.urlopen(urljoin(sys.argv[1], path)).read()
assert "登录后台" in read("/office/sign-in?lang=zh").decode(), "the office's pages, or their Chinese, are not in the wheel"
shell = json.loads(re.search(r'\["\./".*?\]', read("/agent/sw.js").decode())[0])
assert len(shell) > 20, shell
for name in shell:
    assert read(urljoin("/agent/", name)), f"/agent/{name} is empty"
print(f"The app and the {len(shell)} files of its shell are served.")
PAGES
if command -v chromium >/dev/null && make -s -C "$checkout" .venv/ready-server,device,test,browser >browser.log 2>&1; then
    (cd "$checkout" && "$python" -m tests.browser.installed "$address" "$(new_code)" "1 Sample St")
    for _ in $(seq 60); do  # the visit stands once it is folded, a moment after it was received
        installed fairvisit visits >visits.txt
        if grep -q "1 Sample St" visits.txt; then break; fi
        sleep 0.5
    done
    grep -q "1 Sample St" visits.txt || { echo "The app's visit is not in the office."; cat visits.txt office.log; exit 1; }
    through="and through the app in Chromium"
else
    through="but NOT through the app: no Chromium can be had here"
fi
echo "wheel: installed without Node, served, enrolled, exchanged, the office open; $through"
