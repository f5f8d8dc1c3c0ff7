#!/bin/sh
# The tests, with the minutes that they took at the end:
#
#   tests/run.sh            what every change needs
#   tests/run.sh --all      everything, those marked `slow` too
#
# Two parts at once. The browser's runs in one process: an open page and the lab it talks to wait
# for each other half of the time. What they leave of the processor goes to the rest, which is told
# to be nice, so that no page waits for it.
cd "$(dirname "$0")/.." || exit 1
PY=${PY:-.venv/bin/python}
marks="not slow"
[ "${1:-}" = --all ] && marks="slow or not slow"

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

began=$(date +%s)
log=$(mktemp)
trap 'kill "$rest" 2>/dev/null; rm -f "$log"' EXIT
trap 'exit 130' INT TERM
nice -n 10 "$PY" -m pytest -q -n 2 --dist loadfile -m "$marks" --durations=15 \
  --ignore=tests/browser >"$log" 2>&1 &
rest=$!
"$PY" -m pytest -q -m "$marks" --durations=15 tests/browser
second=$?
between=$(date +%s)
wait "$rest"
first=$?
ended=$(date +%s)
cat "$log"

echo
echo "in a browser: $(minutes $((between - began)))"
echo "in all:       $(minutes $((ended - began)))"
[ $first -eq 0 ] && [ $second -eq 0 ]
