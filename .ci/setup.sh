# SPDX-License-Identifier: Apache-2.0
# What scripts need before they can start: packages, a Python environment. To be sourced.

# Debian packages that build the library and the command.
build_packages=(
  gcc libc6-dev cmake ninja-build pkg-config python3
  libprotobuf-c-dev protobuf-c-compiler libpcre2-dev libxxhash-dev
  libjansson-dev libsndfile1-dev
  libspng-dev libjpeg62-turbo-dev libtiff-dev libwebp-dev libopenjp2-7-dev)
# And a private Python environment.
python_packages=(python3-venv ca-certificates)

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# need_packages PACKAGE...: installs those that are missing, as root or through sudo.
need_packages() {
  command -v dpkg-query >/dev/null || { say "not a Debian system; needed are: $*"; return 0; }
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  # A fresh machine may still be busy with updates of its own: wait for the lock.
  local apt=(env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "neither root nor sudo; install these first: ${missing[*]}"
    apt=(sudo "${apt[@]}")
  fi
  local log
  log=$(mktemp)
  if ! { "${apt[@]}" update &&
         "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "the packages could not be installed"
  fi
  rm -f "$log"
}

# need_venv FOLDER REQUIREMENTS: a Python environment with exactly these packages; sets $python.
need_venv() {
  local folder=$1 requirements=$2 base=/usr/bin/python3
  [ -x "$base" ] || base=python3
  python=$folder/bin/python
  if ! cmp -s "$requirements" "$folder/requirements.txt"; then
    rm -rf "$folder"
    "$base" -m venv "$folder" || die "no Python environment could be made in $folder"
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
      --requirement "$requirements" </dev/null || die "the Python packages could not be installed"
    cp "$requirements" "$folder/requirements.txt"
  fi
}
