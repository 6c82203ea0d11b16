#!/usr/bin/env bash
# The program as a hook of pre-commit, in the root of the repository that uses it: `pre-commit.sh COMMAND FLAG... FILE...`.
# The first run installs the dependencies into pre-commit's clone of this project.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=24.12
found=$(node --version)
if [ "$(printf '%s\n' "$wanted" "${found#v}" | sort -V | head -n 1)" != "$wanted" ]; then
  echo "vm-image-webhook needs Node $wanted or newer, and this is Node ${found#v}: install one from https://nodejs.org" >&2
  exit 3
fi
if [ ! -d "$project/node_modules" ]; then npm ci --omit=dev --no-audit --no-fund --prefix "$project" >&2; fi
exec node "$project/src/main.ts" "$@"
