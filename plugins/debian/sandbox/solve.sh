# Asks apt which packages the targets of a resolve come to.
#
# usage: solve.sh SUITE ARCHITECTURE
#
# `wanted` has a line for each target, a base before what stands on it: a number, `layer` or
# `toolchain`, the number of the base or `-`, the address, and packages, apart by spaces. Written to
# the folder `solved`: `closure.N` (file names with version as `apt-get --print-uris` gives them, one a
# line, with its address before it), `packages` (what `apt-cache show` says of all), `dates`, `suites`
# and `architecture`.
set -euo pipefail

. ./archives.sh
suite="$1" architecture="$2"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -r $keyring ]] || fail "$keyring is missing on this machine: the archive's signatures cannot be\
 verified. Install it with \`apt-get install debian-archive-keyring\`."
need /usr/bin/apt-get apt
find_archives

mkdir -p solved apt/{etc/{apt.conf.d,preferences.d,sources.list.d},state/lists/partial,cache/archives/partial}
: >apt/status
suites=("$suite" "$suite-security" "$suite-updates")
printf '%s\n' "${suites[@]}" >solved/suites
printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
  "$debian" "$suite $suite-updates" "$keyring" >apt/etc/sources.list.d/main.sources
printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
  "$security" "$suite-security" "$keyring" >apt/etc/sources.list.d/security.sources
# That of the images, whatever this machine is.
printf '%s\n' "$architecture" >solved/architecture
# A whole apt of its own: nothing of this machine's sources, pins or packages has a say. Proxies and
# certificates do.
cat >apt/conf <<EOF
Dir::Etc "$PWD/apt/etc";
Dir::State "$PWD/apt/state";
Dir::State::status "$PWD/apt/status";
Dir::Cache "$PWD/apt/cache";
Dir::Etc::sourcelist "/dev/null";
APT::Architecture "$architecture";
APT::Architectures "$architecture";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
EOF
/usr/bin/apt-config dump | grep -E '^Acquire::https?::' >>apt/conf || true
export APT_CONFIG="$PWD/apt/conf"

# The first complaint of apt, as the end of a sentence.
complaint() {
  grep -E '^(E|W): ' errors | head -n 1 | sed 's/^[EW]: //; s/\.*$//'
}

/usr/bin/apt-get -qq update >/dev/null 2>errors ||
  fail "The lists of Debian '$suite' cannot be fetched and verified: $(complaint). Check the suite in\
 \`[debian].resolves\` and the addresses in \`[debian].mirrors\`."
sed -n 's/^Date: //p' apt/state/lists/*Release >solved/dates

uris() {
  local address="$1"
  shift
  /usr/bin/apt-get -qq "$@" --print-uris 2>errors >uris ||
    fail "$address: \`packages\` cannot be satisfied from Debian '$suite': $(complaint). Name packages\
 of that release in \`packages\`."
  sed -E "s/^'([^']*)' ([^ ]*) .*/\1 \2/" uris
}

# `?essential` is a pattern of apt's, not of the shell's.
set -f
while read -r number kind base address packages; do
  if [[ $kind == toolchain ]]; then
    uris "$address" download $packages >"solved/closure.$number"
  else
    below='?essential apt'
    [[ $base == - ]] || below="$(cut -d' ' -f2 "solved/closure.$base" | cut -d_ -f1)"
    uris "$address" install $below $packages >"solved/closure.$number"
  fi
done <wanted

set +f
cat solved/closure.* | cut -d' ' -f2 | sort -u | sed 's/%3a/:/; s/_/=/; s/_.*//' |
  xargs /usr/bin/apt-cache show --no-all-versions >solved/packages
printf '%s %s\n' debian "$debian" debian-security "$security" >solved/archives
