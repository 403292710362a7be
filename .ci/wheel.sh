#!/usr/bin/env bash
# Build the wheel, install it in an empty venv away from the checkout, serve, enrol, exchange: what a user would do.
set -euo pipefail
cd "$(dirname "$0")/.."
python="$PWD/.venv/bin/python"
away=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$away"' EXIT

"$python" -m build --wheel --outdir "$away/wheel" . >"$away/build.log" 2>&1 || { tail -n 20 "$away/build.log"; exit 1; }
python3 -m venv "$away/venv"
"$away/venv/bin/pip" install --quiet --disable-pip-version-check "$(ls "$away"/wheel/*.whl)[server,device]"
cd "$away"
export PATH="$away/venv/bin:$PATH" FAIRVISIT_DATABASE_URL="sqlite:///$away/fairvisit.db" FAIRVISIT_FOLDER="$away/folder"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fairvisit serve --port "$port" >server.log 2>&1 &
server=$!
for _ in $(seq 120); do
    python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/ready')" 2>/dev/null && break
    sleep 0.5
done
fairvisit agents add a12 "Ann Agent" --agency "North Field" 2>/dev/null
code=$(fairvisit enrol a12 --json 2>/dev/null | python -c 'import json, sys; print(json.load(sys.stdin)["code"])')
agent-sync --store phone.db enrol "$code" --server "http://127.0.0.1:$port"
agent-sync --store phone.db exchange | tee exchange.txt
grep -q "Everything recorded on this device was received by the server." exchange.txt
python - "http://127.0.0.1:$port/office/sign-in?lang=zh" <<'PAGE'
import sys, urllib.request as u
page = u.urlopen(sys.argv[1]).read().decode()
assert "登录后台" in page, "the office's pages, or their Chinese, are not in the wheel"
PAGE
echo "wheel: installed, served, enrolled, exchanged, the office open"
