# Fetches locked packages into the folder `debs`.
#
# usage: fetch.sh LOCK COMMAND
#
# LOCK and COMMAND, the lock's path and what makes it anew, are for messages. The file `wanted` has a line for each package: name, archive,
# path in the archive, size and sha256, apart by tabs. `__debs` is a cache, files named by hash. What
# comes from it or from the archive is checked by size and hash alike.
set -euo pipefail

. ./archives.sh
lock="$1" command="$2"
cache=__debs
mkdir -p debs new

# Writes the lines of `wanted` whose file in `debs` is absent or wrong to `missing`.
check() {
  : >missing
  local name archive path size sha256 file
  while IFS=$'\t' read -r name archive path size sha256; do
    file="debs/${path##*/}"
    if [[ ! -f $file ]] || [[ $(stat -c %s "$file") != "$size" ]]; then
      printf '%s\n' "$name" >>missing
    else
      printf '%s *%s\n' "$sha256" "$file" >>sums
    fi
  done <wanted
  [[ ! -s sums ]] || sha256sum --check --quiet sums 2>/dev/null | sed 's/: FAILED.*//' >wrong || true
  rm -f sums
  [[ ! -s wrong ]] || while IFS=$'\t' read -r name archive path _ _; do
    ! grep -qxF "debs/${path##*/}" wrong || printf '%s\n' "$name" >>missing
  done <wanted
  rm -f wrong
}

while IFS=$'\t' read -r _ _ path _ sha256; do
  [[ ! -f $cache/$sha256 ]] || cp --reflink=auto "$cache/$sha256" "debs/${path##*/}"
done <wanted
check
[[ -s missing ]] || exit 0

need /usr/lib/apt/apt-helper apt
find_archives
arguments=()
while IFS=$'\t' read -r name archive path _ sha256; do
  grep -qxF "$name" missing || continue
  rm -f "debs/${path##*/}"
  address="$debian"
  [[ $archive != debian-security ]] || address="$security"
  arguments+=("$address/$path" "new/${path##*/}" "SHA256:$sha256")
done <wanted
# One process asks for one file after the other, and most of the time it waits.
printf '%s\0' "${arguments[@]}" |
  xargs -0 --max-args=36 --max-procs=4 /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root \
    -o Acquire::Retries=3 download-file >/dev/null 2>errors || true

while IFS=$'\t' read -r name archive path _ sha256; do
  [[ -f new/${path##*/} ]] || continue
  mv "new/${path##*/}" "debs/${path##*/}"
done <wanted
check
while IFS=$'\t' read -r name archive path size sha256; do
  file="debs/${path##*/}"
  if grep -qxF "$name" missing; then
    reason="$(grep -F "/$path " errors | head -n 1 | sed 's/.*\.deb *//; s/ *\[IP:.*//' || true)"
    [[ ! -f $file ]] || reason="its size is $(stat -c %s "$file") bytes and not $size"
    fail "$lock: \`$name\` ($path of the archive \`$archive\`) cannot be fetched:\
 ${reason:-$(tail -n 1 errors)}. Try again, set another address in \`[debian].mirrors\`, or, where the\
 archive has replaced the package, run \`$command\`."
  fi
  # Into place in one step: another build may read the cache now.
  [[ -f $cache/$sha256 ]] && cmp -s "$file" "$cache/$sha256" && continue
  cp --reflink=auto "$file" "$cache/$sha256.$$"
  mv "$cache/$sha256.$$" "$cache/$sha256"
done <wanted
