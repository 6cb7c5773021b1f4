#!/bin/sh
# python.sh [oldest|newest|all]: prints the path of a Python that this project supports, or in one line why there is none.
#
# Where $PYTHON is set, that and nothing else. Without an argument: python3, and when that will not do, the newest one that will.
# all: one of each version, oldest first. The versions are those of pyproject.toml. A shim may stand for a version that is not
# installed, so each candidate is run and asked.
set -u
cd "$(dirname "$0")/.." || exit 1
least=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' pyproject.toml)
versions=$(sed -n 's/^ *"Programming Language :: Python :: \(3\.[0-9]*\)",$/\1/p' pyproject.toml)
case ${1:-} in oldest | all) ;; *) versions=$(printf '%s\n' "$versions" | sort -t. -k2 -rn) ;; esac

# Must be readable by any Python there is. Prints the interpreter itself, not a shim, nor the environment that happens to be active.
ask="import sys
found = '%d.%d' % sys.version_info[:2]
if sys.version_info < ($(echo "$least" | tr . ,)): sys.exit('is ' + found)
try: import ensurepip, venv
except ImportError: sys.exit('is %s without venv (Debian: python3-venv)' % found)
print(getattr(sys, '_base_executable', None) or sys.executable)"

which=${1:-}
if [ -n "${PYTHON:-}" ] && [ "$which" != all ]; then
  set -- "$PYTHON"
else
  if [ -z "$which" ]; then set -- python3; else set --; fi
  for version in $versions; do
    set -- "$@" "python$version"
    for path in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/"python$version"; do
      [ -x "$path" ] && set -- "$@" "$path"
    done
  done
fi

tried='' last=''
for name in "$@"; do
  if answer=$("$name" -c "$ask" 2>&1); then
    [ "$which" = all ] || { echo "$answer"; exit 0; }
    [ "${answer##*/}" = "$last" ] || echo "$answer"
    last=${answer##*/}
    continue
  fi
  case $answer in "is "*) ;; *) answer="is not here" ;; esac
  tried="$tried${tried:+, }$name $answer"
done
[ -z "$last" ] || exit 0
echo "aikido_llm needs Python $least or later with venv: $tried. Name one: make PYTHON=/path/to/python"
exit 1
