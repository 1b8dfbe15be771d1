#!/usr/bin/env bash
# Makes this machine ready for `make run` ("run") or for `make test` and `make lint` ("dev"): the system packages that
# are missing, the virtual environment .venv, the Python packages of the lock, and for tests tools of the npm registry.
# Done in an instant when all is there.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?run or dev}

tell() { printf '  %s\n' "$*"; }

# Keeps everything in the file $2; a terminal sees the lines that match $1, counted, one over the other.
counted() {
  tee -a "$2" | awk -v pattern="$1" -v terminal="$([ -t 1 ] && echo yes)" '
    terminal && $0 ~ pattern { printf "\r\033[K  %4d  %.68s", ++n, $0; fflush() }
    END { if (n) printf "\r\033[K" }'
}

# Runs "$2 …", counting the lines that match $1; when it fails, shows what it said last.
quietly() {
  local log pattern=$1
  log=$(mktemp)
  if ! "${@:2}" </dev/null 2>&1 | counted "$pattern" "$log"; then
    tail -n 20 "$log" >&2
    echo "Failed: ${*:2}" >&2
    exit 1
  fi
  rm -f "$log"
}

python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

needs_postgresql() {
  if [ "$purpose" = run ]; then [ -z "${DATABASE_URL:-}" ]; else [ -z "${TEST_DATABASE_URL:-}" ]; fi
}

missing_packages() {
  local found
  found=$(python)
  [ -n "$found" ] || echo python3
  "${found:-false}" -c 'import ensurepip, venv' 2>/dev/null || echo "${found:-python3}-venv"
  if needs_postgresql; then
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || postgis_package
  fi
  if [ "$purpose" = dev ]; then
    browser_packages
    installed fonts-noto-core || echo fonts-noto-core
    installed libatomic1 || echo libatomic1  # Playwright's own Node.js is linked to it
  fi
}

# Chromium, and its headless shell: Chromium without the window around the page, which takes the tests half the time.
# Where no package list knows that, or nobody may install it, Chromium alone will do.
browser_packages() {
  command -v chromium >/dev/null || echo chromium
  if command -v chromium-headless-shell >/dev/null; then return 0; fi
  if command -v chromium >/dev/null && [ "$(id -u)" -ne 0 ]; then return 0; fi
  if apt-cache show chromium-headless-shell >/dev/null 2>&1; then echo chromium-headless-shell; fi
}

# Of Debian 12, unless the package lists of this machine know a newer one.
postgis_package() {
  local known
  known=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | cut -d' ' -f1 | sort -V | tail -n 1)
  echo "${known:-postgresql-15-postgis-3}"
}

install_system_packages() {
  local no_main_cluster=/etc/postgresql-common/createcluster.d/phuongso.conf
  local -a missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    printf '\nSome system packages are missing. Please run this, then try again:\n\n'
    printf '  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "${missing[*]}"
    exit 1
  fi
  tell "Installing system packages: ${missing[*]} (a few minutes)"
  export DEBIAN_FRONTEND=noninteractive
  quietly '^(Get|Hit):' apt-get -q update
  mapfile -t missing < <(missing_packages)  # once more: now the names are known for certain
  # With its first PostgreSQL Debian starts a server on port 5432. Ours is private: nobody asked for that one.
  if [[ " ${missing[*]} " = *" postgresql "* ]]; then
    mkdir -p "$(dirname "$no_main_cluster")"
    echo "create_main_cluster = false" >"$no_main_cluster"
  fi
  quietly '^(Get:|Unpacking|Setting up)' apt-get -q install -y --no-install-recommends "${missing[@]}"
  rm -f "$no_main_cluster"
}

hash_of() { sha256sum "$1" | cut -d' ' -f1; }

install_python_packages() {
  local found made_from lock=requirements.lock
  [ "$purpose" = run ] || lock=requirements-dev.lock
  found=$(python)
  if [ -z "$found" ]; then
    echo "Python 3.11 or newer is needed, and this system has none to install." >&2
    exit 1
  fi
  made_from="$("$found" --version) $PWD"  # an environment cannot be moved
  if [ "$(cat .venv/made-from 2>/dev/null)" != "$made_from" ]; then
    tell "Making the virtual environment .venv"
    "$found" -m venv --clear .venv
    # The project itself is used where it lies, without a build.
    pwd >"$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/phuongso.pth"
    cat >.venv/bin/phuongso <<SCRIPT
#!/bin/sh
# The command from any folder: the same code, and the same database.
export PHUONGSO_VAR="\${PHUONGSO_VAR:-$PWD/var}"
exec "$PWD/.venv/bin/python" -P -m server "\$@"
SCRIPT
    chmod +x .venv/bin/phuongso
    echo "$made_from" >.venv/made-from
  fi
  if grep -qxs "$(hash_of "$lock")" .venv/locks; then return 0; fi
  rm -f .venv/locks
  tell "Installing $(grep -c '^[a-z0-9].*==' "$lock") Python packages (a minute or two)"
  quietly '^ *(Collecting|Downloading|Installing)' .venv/bin/python -m pip install \
    --disable-pip-version-check --no-input --no-deps --require-hashes -r "$lock"
  # The development packages are all of the others, and more.
  hash_of requirements.lock >.venv/locks
  [ "$purpose" = run ] || hash_of "$lock" >>.venv/locks
}

# What the tests run of the npm registry; Node.js itself comes with the development packages.
install_test_tools() {
  local tools=tests/tools
  [ "$(cat $tools/node_modules/made-from 2>/dev/null)" != "$(hash_of $tools/package-lock.json)" ] || return 0
  tell "Installing the tests' tools from the npm registry (a minute)"
  # Node.js brings certificates of its own; the system's may know more, such as a company's.
  export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
  PATH="$PWD/.venv/bin:$PATH" quietly '^npm' npm ci --prefix $tools
  hash_of $tools/package-lock.json >$tools/node_modules/made-from
}

install_system_packages
install_python_packages
[ "$purpose" = run ] || install_test_tools
