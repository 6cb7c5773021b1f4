#!/bin/sh
# install.sh PYTHON VENV EXTRA [CONSTRAINTS]: this project, editable and with EXTRA, in the environment VENV made by PYTHON.
#
# Does nothing where that is so already. An environment of another Python, one that was moved here, or a broken one is made
# again. Says what it does, and every few seconds how far it is; pip's own words are in VENV/pip.log.
set -eu
python=$1 venv=$2 extra=$3 constraints=${4:-}
cd "$(dirname "$0")/.."

minor() { "$1" -c "import sys$2; print('%d.%d' % sys.version_info[:2])" 2>/dev/null || echo broken; }

# Why VENV cannot be used as it is; nothing when it can.
unfit() {
  if [ ! -e "$venv/pyvenv.cfg" ]; then
    echo "there is none"
    return
  fi
  wanted=$(minor "$python" "") found=$(minor "$venv/bin/python" ", pip")
  case $venv in /*) here=$venv ;; *) here=$(pwd -P)/$venv ;; esac
  made=$(sed -n 's/^command = .* -m venv/ /p' "$venv/pyvenv.cfg")
  if [ "$found" = broken ]; then
    echo "the one here is broken"
  elif [ -e "$venv/.unfinished" ]; then
    echo "an installation into the one here did not end"  # pip may not find its way out of what that leaves
  elif [ "$found" != "$wanted" ]; then
    echo "the one here is of Python $found"
  else
    case $made in '' | *" $here") ;; *) echo "the one here was made elsewhere" ;; esac
  fi
}

# Runs a command whose output goes to a file; says now and then what its last line is.
watched() {
  log=$1
  shift
  (
    seconds=0
    while sleep 5 >/dev/null 2>&1; do
      seconds=$((seconds + 5))
      echo "$venv: ... $seconds s: $(tail -n 1 "$log" 2>/dev/null | cut -c 1-90)"
    done
  ) &
  ticker=$!
  trap 'kill $ticker 2>/dev/null || :' EXIT
  if ! "$@" >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    echo "$venv: failed; all that was said is in $log" >&2
    exit 1
  fi
  kill $ticker 2>/dev/null || :
}

why=$(unfit)
if [ -n "$why" ]; then
  if [ -d "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
    echo "$venv is a folder of something else: move it away, or name another by VENV=" >&2
    exit 1
  fi
  echo "$venv: making an environment with $python ($why)"
  "$python" -m venv --clear "$venv"
fi

stamp=$venv/.$extra
state=$(cat pyproject.toml $constraints | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then exit 0; fi

if [ -n "$constraints" ]; then
  echo "$venv: installing [$extra] under $constraints"
  # For what builds the project too: older pips take the first for that, newer ones the second.
  export PIP_CONSTRAINT="$constraints" PIP_BUILD_CONSTRAINT="$constraints"
else
  echo "$venv: installing [$extra], the newest versions"
  unset PIP_CONSTRAINT PIP_BUILD_CONSTRAINT
  export PIP_UPGRADE=1 PIP_UPGRADE_STRATEGY=eager
fi
touch "$venv/.unfinished"
watched "$venv/pip.log" "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off --editable ".[$extra]"
rm "$venv/.unfinished"
echo "$state" >"$stamp"
[ "$extra" != dev ] || echo "$state" >"$venv/.cli"  # dev holds cli
