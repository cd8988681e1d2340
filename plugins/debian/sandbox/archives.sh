# Sets `debian` and `security` to the addresses of Debian's archives.
#
# Exports what `oci.sandbox.machine_settings` says of this machine: proxies, and mirrors as
# DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR. Where one is empty, the address is the one that this
# machine's apt uses. All is found here, in the process, so that two machines with different mirrors
# share the process's cache entry.

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

need() {
  [[ -x $1 ]] || fail "$1 is missing on this machine. Install it with \`apt-get install $2\`."
}

find_archives() {
  local pair
  [[ ! -r __machine/debian ]] || while IFS= read -r -d '' pair; do export "${pair?}"; done <__machine/debian
  debian="${DEBIAN_MIRROR:-}" security="${DEBIAN_SECURITY_MIRROR:-}"
  debian="${debian%/}" security="${security%/}"
  local uri release origin here=none
  if [[ -z $debian || -z $security ]]; then
    need /usr/bin/apt-get apt
    # Without downloaded lists, apt knows no origins, but the names of the suites it does know.
    if [[ -r /etc/os-release ]]; then
      here="$(. /etc/os-release && [[ $ID == debian ]] && printf '%s' "${VERSION_CODENAME:-}" || true)"
      here="${here:-none}"
    fi
    while read -r uri release origin; do
      [[ $origin == Debian || $release == "$here" || $release == "$here"-* ]] || continue
      if [[ $release == *-security ]]; then
        security="${security:-${uri%/}}"
      else
        debian="${debian:-${uri%/}}"
      fi
    done < <(/usr/bin/apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' || true)
  fi
  [[ $debian ]] || no_archive debian
  [[ $security ]] || no_archive debian-security
}

no_archive() {
  fail "This machine's apt knows no archive \`$1\`: set \`[debian].mirrors\` to its address."
}
