# The slow first steps of `./pants`, which sources this file when something is missing. It expects
# the launcher's `fail` and its variables; everything it says goes to stderr.

say() { printf 'pants: %s\n' "$1" >&2; }

# attempt SENTENCE COMMAND...: runs the command silently. If it fails, so does everything, with the
# sentence and the last line of the command's output that tells why.
attempt() {
  local sentence="$1" log="$cache/setup.log" reason package
  shift
  # Without the lock, which a service that apt starts would hold forever.
  "$@" </dev/null >"$log" 2>&1 9>&- && return
  rm -rf "${partial:-}"
  if grep -q "DO NOT MATCH THE HASHES" "$log"; then
    package="$(sed -nE 's/^ *([^ ]+==[^ ]+) from .*/\1/p' "$log" | head -n 1)"
    fail "the package index gave another $package than 3rdparty/tools/pants.lock pins: correct pip's index, or the lock. All pip wrote is in $log."
  fi
  reason="$(grep -E '^(E:|ERROR:|Err:)' "$log" | tail -n 1)" || reason="$(tail -n 1 "$log")"
  fail "$sentence ($reason) All it wrote is in $log."
}

# Only one first run at a time; the others wait and then find everything done.
lock_setup() {
  mkdir -p "$cache" 2>/dev/null || fail "cannot create $cache: make it writable, or set XDG_CACHE_HOME."
  exec 9>"$cache/setup.lock"
  flock -n 9 || {
    say "waiting for another run to finish its first steps ..."
    flock 9
  }
}

# Pants' daemon would hold it otherwise.
unlock_setup() { exec 9>&-; }

provide_debian_packages() {
  local command="apt-get install --no-install-recommends ${missing[*]}"
  if ! type -P apt-get >/dev/null; then
    ((${#needed[@]} == 0)) && return
    fail "this machine lacks ${needed[*]}, and has no apt-get to install them with: use Debian 12, or install them by hand."
  fi
  if ((EUID != 0)); then
    ((${#needed[@]} == 0)) || fail "this machine lacks ${missing[*]}: run \`sudo $command\` once."
    # Said once for each state of the machine: whoever does without these tools has read it.
    local told="$cache/debian-packages-told" before=""
    [[ ! -e $told ]] || read -r before <"$told" || true
    [[ $before != "${missing[*]}" ]] || return 0
    say "some targets need ${missing[*]}: \`sudo $command\` installs them."
    mkdir -p "$cache" && printf '%s\n' "${missing[*]}" >"$told"
    return
  fi
  lock_setup
  say "installing the Debian packages ${missing[*]} (once) ..."
  export DEBIAN_FRONTEND=noninteractive
  attempt "apt cannot fetch its package lists: check the network and /etc/apt, then run it again." \
    apt-get -o DPkg::Lock::Timeout=300 update
  attempt "apt cannot install ${missing[*]}: run \`$command\` and mend what it reports." \
    apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${missing[@]}"
  unlock_setup
}

# Prints the path of a CPython 3.9 that can make a venv. Fails if "$1" is none: a shim of pyenv's,
# for one, is an executable that may stand for nothing.
interpreter() {
  "$1" -c '
import ensurepip, os, sys, venv
assert sys.implementation.name == "cpython" and sys.version_info[:2] == (3, 9)
print(os.path.realpath(sys.executable))' 2>/dev/null
}

find_python() {
  if [[ -n ${PANTS_PYTHON:-} ]]; then
    interpreter "$PANTS_PYTHON" ||
      fail "PANTS_PYTHON is '$PANTS_PYTHON', which is not a CPython 3.9 that can make a venv: correct or unset it."
    return
  fi
  local candidate folder
  while IFS= read -r candidate; do
    interpreter "$candidate" && return
  done < <(
    type -aP python3.9 python3 python
    for folder in "${PYENV_ROOT:-}" "$(pyenv root 2>/dev/null)" "${HOME:+$HOME/.pyenv}"; do
      [[ -z $folder ]] || printf '%s\n' "$folder"/versions/3.9.*/bin/python3.9
    done | sort --version-sort --reverse
    printf '%s\n' "${XDG_DATA_HOME:-${HOME:-}/.local/share}"/uv/python/cpython-3.9*/bin/python3.9
  )
  fail "no CPython 3.9 with its venv module is on the PATH or in pyenv's folders: install one (\`pyenv install 3.9\`), or set PANTS_PYTHON to its path."
}

# Makes $home: the venv, `pants` and `native_client` that start Pants in it, `pex`, and `pex.txt` with
# its sha256, size and version and the folder of the interpreter.
install_pants() {
  local version python partial="$home.partial"
  version="$(sed -nE 's/^pantsbuild-pants==([^ ]+).*/\1/p' "$tools/pants.lock")"
  lock_setup
  [[ ! -x $home/venv/bin/python ]] || { unlock_setup && return; }
  python="$(find_python)" || exit 1

  say "installing Pants $version on $python (once, about half a minute) ..."
  rm -rf "$home" "$partial"
  mkdir -p "$partial"
  attempt "$python cannot make a venv in $partial: check its venv module and the disk." \
    "$python" -m venv "$partial/venv"
  # A constraints file of the machine's may hold other versions than the lock.
  PIP_CONSTRAINT=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1 attempt \
    "Pants $version cannot be installed from 3rdparty/tools/pants.lock: check the network and pip's configuration, then run it again." \
    "$partial/venv/bin/pip" install --require-hashes -r "$tools/pants.lock"

  say "building the pex program (once) ..."
  attempt "the pex program cannot be built from the package that 3rdparty/tools/pants.lock pins: run it again." \
    build_pex "$partial" "$python"

  # The wheel does not mark it as executable.
  install -m 755 "$partial"/venv/lib/python3.9/site-packages/pants/bin/native_client "$partial/native_client"
  # Not the venv's own script, whose first line names the folder before it was renamed.
  printf '#!/bin/sh\nexec "${0%%/*}/venv/bin/python" "${0%%/*}/venv/bin/pants" "$@"\n' >"$partial/pants"
  chmod 755 "$partial/pants"
  mv -T "$partial" "$home"
  unlock_setup
}

# build_pex FOLDER PYTHON. Chained by `&&`, since `set -e` means nothing to what `attempt` runs.
build_pex() (
  version="$(sed -nE 's/^pex==([^ ]+).*/\1/p' "$tools/pants.lock")"
  # File modes are part of the program, so of its hash. The other flags are those of pex's releases;
  # without --no-strip-pex-env it would keep its cache in ~/.pex rather than where Pants says.
  umask 022 && cd "$1" &&
    sed -n '/^pex==/,/[^\\]$/p' "$tools/pants.lock" >pex.lock &&
    PIP_CONSTRAINT=/dev/null venv/bin/pip download --require-hashes --no-deps -d wheels -r pex.lock &&
    PEX_ROOT="$1/pex_root" PIP_CONFIG_FILE=/dev/null venv/bin/python -m pex \
      --no-pypi --find-links wheels --disable-cache --no-build --no-compile --no-use-system-time \
      --python-shebang "/usr/bin/env python" --no-strip-pex-env --include-tools \
      "pex==$version" -c pex -o pex &&
    rm -rf wheels pex.lock pex_root &&
    read -r sha256 _ < <(sha256sum pex) &&
    printf '%s %s %s %s\n' "$sha256" "$(stat -c %s pex)" "$version" "${2%/*}" >pex.txt
)
