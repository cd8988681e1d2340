# The slow first steps of `./pants`, which sources this file when something is missing. It expects
# the launcher's `fail` and its variables; everything it says goes to stderr.

# What the Python, Pants and what pip unpacks meanwhile take, with some to spare.
cache_megabytes=500

# What tells why, of all that apt and pip write, as a regular expression.
reasons='^(E|ERROR|Err): ?.*|Cannot connect to proxy|Connection refused|Could not resolve host.*|Name or service not known|Network is unreachable|No space left on device|Temporary failure in name resolution|[Tt]imed out'

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
  # pip tells that on the way, and ends with another error.
  if grep -q "CERTIFICATE_VERIFY_FAILED" "$log"; then
    fail "$sentence (Its certificate is of an authority that ${PIP_CERT:-${PANTS_CA_CERTS_PATH:-pip}} does not know: set SSL_CERT_FILE to a bundle that holds it.)"
  fi
  reason="$(grep -oE "$reasons" "$log" | tail -n 1)" || reason="$(tail -n 1 "$log")"
  # What Pants would advise is for a Pants that runs.
  reason="${reason%%. Try again*}"
  fail "$sentence ($reason) All it wrote is in $log."
}

# The proxies that a download goes through, for messages; without the passwords in their addresses.
through_proxies() {
  local name proxies=()
  for name in http_proxy https_proxy HTTPS_PROXY all_proxy; do
    [[ -z ${!name:-} ]] || proxies+=("$name=$(sed -E 's|//[^/@]*@|//|' <<<"${!name}")")
  done
  ((${#proxies[@]} == 0)) || printf ', the proxy (%s)' "${proxies[*]}"
}

# Only one first run at a time; the others wait and then find everything done.
lock_setup() {
  local free
  mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]] ||
    fail "$cache cannot be written to: make it writable, or set XDG_CACHE_HOME to a folder that is."
  free="$(($(stat --file-system --format='%a * %S / 1000000' "$cache")))"
  ((free >= cache_megabytes)) ||
    fail "$cache has $free MB of free space, and Pants takes $cache_megabytes: free some, or set XDG_CACHE_HOME to a folder on another disk."
  exec 9>"$cache/setup.lock"
  flock -n 9 || {
    say "waiting for another run to finish its first steps ..."
    flock 9
  }
}

# Pants' daemon would hold it otherwise.
unlock_setup() { exec 9>&-; }

provide_debian_packages() {
  local command="apt-get install --yes --no-install-recommends ${missing[*]}"
  if ! type -P apt-get >/dev/null; then
    ((${#needed[@]} == 0)) && return
    fail "this machine lacks ${needed[*]}, and has no apt-get to install them with: build in a container of Debian, as docs/machines.md says, or install them by hand."
  fi
  if ((EUID != 0)); then
    ((${#needed[@]} == 0)) || fail "this machine lacks ${missing[*]}: run \`apt-get update && $command\` as root once."
    # Said once for each state of the machine: whoever does without these tools has read it.
    local told="$cache/debian-packages-told" before=""
    [[ ! -e $told ]] || read -r before <"$told" || true
    [[ $before != "${missing[*]}" ]] || return 0
    say "some targets need ${missing[*]}: \`apt-get update && $command\`, run as root, installs them."
    mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]] && printf '%s\n' "${missing[*]}" >"$told" || true
    return
  fi
  lock_setup
  say "installing the Debian packages ${missing[*]} (once) ..."
  export DEBIAN_FRONTEND=noninteractive
  attempt "apt cannot fetch its package lists: check the network$(through_proxies) and /etc/apt, then run it again." \
    apt-get -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any update
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

# Sets `interpreter` to the Python that Pants runs on, and `python_wheels` to a PYTHONPATH with pip if
# its venvs get none of their own. Fetches the Python that the lock pins, unless PANTS_PYTHON is set.
provide_python() {
  if [[ -n ${PANTS_PYTHON:-} ]]; then
    python_wheels=""
    interpreter="$(interpreter "$PANTS_PYTHON")" && [[ $interpreter ]] ||
      fail "PANTS_PYTHON is '$PANTS_PYTHON', which is not a CPython 3.9 that can make a venv: correct or unset it."
    return
  fi
  local folder="$cache/python-${python::12}-${setup::12}" partial architecture
  if [[ ! -x $folder/usr/bin/python3.9 ]]; then
    architecture="$(sed -nE 's/^ "architecture": "(.*)",$/\1/p' "$python_lock")"
    [[ $HOSTTYPE == "$(machine_of "$architecture")" ]] ||
      fail "this machine is $HOSTTYPE, and the tools that build are locked for $architecture: build on such a machine, or in a container of one, as docs/machines.md says."
    [[ -x /usr/lib/apt/apt-helper && -x /usr/bin/dpkg-deb ]] ||
      fail "there is no apt to fetch a CPython 3.9 with: build in a container of Debian, as docs/machines.md says, or set PANTS_PYTHON to the path of a CPython 3.9."
    say "fetching CPython 3.9 (once) ..."
    partial="$folder.partial"
    rm -rf "$folder" "$partial"
    mkdir -p "$partial"
    attempt "the CPython 3.9 that 3rdparty/debian/bullseye-build.lock pins cannot be fetched: check the network$(through_proxies) and /etc/apt, or set PANTS_PYTHON to the path of a CPython 3.9." \
      unpack_python "$partial"
    mv -T "$partial/tree" "$folder"
    rm -rf "$partial"
  fi
  interpreter="$folder/usr/bin/python3.9"
  python_wheels="$(printf '%s:' "$folder"/usr/share/python-wheels/*.whl)"
}

# What bash calls a machine of one of Debian's architectures.
machine_of() {
  case "$1" in
    amd64) echo x86_64 ;;
    arm64) echo aarch64 ;;
    *) echo "$1" ;;
  esac
}

# unpack_python FOLDER: makes FOLDER/tree, a Python that runs wherever it lies. The packages are fetched
# and unpacked as those of every toolchain are, their hashes checked. Chained by `&&`, since `set -e`
# means nothing to what `attempt` runs.
unpack_python() (
  export LC_ALL=C.UTF-8
  umask 022 && cd "$1" && mkdir __debs &&
    cp "$root"/plugins/debian/sandbox/{archives,fetch,unpack}.sh . &&
    printf '%s\n' "$python_packages" >wanted &&
    bash fetch.sh 3rdparty/debian/bullseye-build.lock "./pants generate-lockfiles" &&
    bash unpack.sh && cd tree/usr &&
    # An RPATH of the program counts for all that it loads, and, unlike LD_LIBRARY_PATH, for no
    # program that it starts.
    bin/patchelf --force-rpath --set-rpath \
      "\$ORIGIN/../../lib/$HOSTTYPE-linux-gnu:\$ORIGIN/../lib/$HOSTTYPE-linux-gnu" bin/python3.9 &&
    rm bin/patchelf &&
    # Pants looks for these names.
    ln -s python3.9 bin/python3 && ln -s python3.9 bin/python &&
    bin/python3.9 -m compileall -q lib/python3.9 &&
    bin/python3.9 -c 'import bz2, ctypes, curses, decimal, lzma, readline, sqlite3, ssl, uuid, zlib'
)

# Makes $home: the venv, `pants` and `native_client` that start Pants in it, `pex`, and `pex.txt` with
# its sha256, size and version and the folder of the interpreter.
install_pants() {
  local version interpreter python_wheels options=() partial="$home.partial"
  version="$(sed -nE 's/^pantsbuild-pants==([^ ]+).*/\1/p' "$tools/pants.lock")"
  lock_setup
  [[ ! -x $home/venv/bin/python ]] || { unlock_setup && return; }
  provide_python

  say "installing Pants $version on $interpreter (once, about half a minute) ..."
  rm -rf "$home" "$partial"
  mkdir -p "$partial"
  [[ -z $python_wheels ]] || options=(--without-pip)
  attempt "$interpreter cannot make a venv in $partial: check its venv module and the disk." \
    "$interpreter" -m venv "${options[@]}" "$partial/venv"
  attempt "Pants $version cannot be installed from 3rdparty/tools/pants.lock: check the network$(through_proxies) and pip's configuration, then run it again." \
    pip install --require-hashes -r "$tools/pants.lock"

  say "building the pex program (once) ..."
  attempt "the pex program cannot be built from the package that 3rdparty/tools/pants.lock pins: run it again." \
    build_pex "$partial" "$interpreter"

  # The wheel does not mark it as executable.
  install -m 755 "$partial"/venv/lib/python3.9/site-packages/pants/bin/native_client "$partial/native_client"
  # Not the venv's own script, whose first line names the folder before it was renamed.
  printf '#!/bin/sh\nexec "${0%%/*}/venv/bin/python" "${0%%/*}/venv/bin/pants" "$@"\n' >"$partial/pants"
  chmod 755 "$partial/pants"
  mv -T "$partial" "$home"
  unlock_setup
}

# pip of the new venv. A constraints file of the machine's may hold other versions than the lock.
pip() {
  PYTHONPATH="$python_wheels" PIP_CERT="${PIP_CERT:-${PANTS_CA_CERTS_PATH:-}}" \
    PIP_CONSTRAINT=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$partial/venv/bin/python" -m pip "$@"
}

# build_pex FOLDER PYTHON. Chained by `&&`, as above.
build_pex() (
  version="$(sed -nE 's/^pex==([^ ]+).*/\1/p' "$tools/pants.lock")"
  # File modes are part of the program, so of its hash. The other flags are those of pex's releases;
  # without --no-strip-pex-env it would keep its cache in ~/.pex rather than where Pants says.
  umask 022 && cd "$1" &&
    sed -n '/^pex==/,/[^\\]$/p' "$tools/pants.lock" >pex.lock &&
    pip download --require-hashes --no-deps -d wheels -r pex.lock &&
    PEX_ROOT="$1/pex_root" PIP_CONFIG_FILE=/dev/null venv/bin/python -m pex \
      --no-pypi --find-links wheels --disable-cache --no-build --no-compile --no-use-system-time \
      --python-shebang "/usr/bin/env python" --no-strip-pex-env --include-tools \
      "pex==$version" -c pex -o pex &&
    rm -rf wheels pex.lock pex_root &&
    read -r sha256 _ < <(sha256sum pex) &&
    printf '%s %s %s %s\n' "$sha256" "$(stat -c %s pex)" "$version" "${2%/*}" >pex.txt
)
