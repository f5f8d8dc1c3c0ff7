#!/bin/sh
# The tests in two parts, with the minutes of each and of both at the end:
#
#   tests/run.sh            what every change needs
#   tests/run.sh --all      everything, those marked `slow` too
#
# The part without a browser runs in two processes. The browser's runs in one: an open page and the
# lab that it talks to fill two cores, and two of both only wait for each other.
cd "$(dirname "$0")/.." || exit 1
PY=${PY:-.venv/bin/python}
marks="not slow"
[ "${1:-}" = --all ] && marks="slow or not slow"

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

began=$(date +%s)
"$PY" -m pytest -q -n 2 --dist loadfile -m "$marks" --durations=15 --ignore=tests/browser
first=$?
between=$(date +%s)
"$PY" -m pytest -q -m "$marks" --durations=15 tests/browser
second=$?
ended=$(date +%s)

echo
echo "without a browser: $(minutes $((between - began)))"
echo "in a browser:      $(minutes $((ended - between)))"
echo "in all:            $(minutes $((ended - began)))"
[ $first -eq 0 ] && [ $second -eq 0 ]
