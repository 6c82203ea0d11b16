#!/usr/bin/env bash
# The last step of action.yml, in the root of the checkout. Its inputs are variables: COMMAND, IMAGES, PATHS, CHANGED_ONLY,
# NAMESPACE; BASE is the commit to compare with, and ACTION the folder of this project.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 2
}

case $COMMAND in
  check) command=(check --allow-empty -o github) ;;
  pin) command=(pin --check --allow-empty) ;;
  *) fail "command is \"$COMMAND\"; it must be check or pin" ;;
esac

paths=()
while IFS= read -r path; do
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<<"$PATHS"
listed=$(mktemp)
trap 'rm -f "$listed"' EXIT
case $CHANGED_ONLY in
  # Without a commit before, as in a first push or a manual run, every file counts.
  true) if [[ $BASE =~ ^0*$ ]]; then CHANGED_ONLY=false; fi ;;
  false) ;;
  *) fail "changed-only is \"$CHANGED_ONLY\"; it must be true or false" ;;
esac
if [ "$CHANGED_ONLY" = true ]; then
  git cat-file -e "$BASE^{commit}" 2>/dev/null ||
    fail "commit $BASE is not in this checkout; give actions/checkout \"fetch-depth: 0\""
  git diff -z --name-only --diff-filter=d --merge-base "$BASE" HEAD -- "${paths[@]}" >"$listed"
else
  git ls-files -z -- "${paths[@]}" >"$listed"
fi

files=()
while IFS= read -r -d '' file; do
  case $file in
    *.yaml | *.yml | *.json) files+=("$file") ;;
  esac
done <"$listed"
if [ "${#files[@]}" -eq 0 ]; then
  echo "There is no manifest to check."
  exit 0
fi
node "$ACTION/src/main.ts" "${command[@]}" --images "$IMAGES" -n "$NAMESPACE" -- "${files[@]}"
