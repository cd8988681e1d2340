# Prints the locked packages of one target, a line for each, as plugins/debian/sandbox/fetch.sh reads
# them: name, archive, path in the archive, size and sha256, apart by tabs.
#
# usage: awk -v target=ADDRESS -f locked.awk LOCK
#
# LOCK is a lock as `locks.lock` writes it: one value a line, indented by one space a level, "packages"
# before "targets".

BEGIN { FS = "\"" }

/^ "targets"/ { in_targets = 1 }
/^  "/ { entry = $2 }

!in_targets && /^   "/ { value[entry, $2] = $4 }
!in_targets && /^   "size"/ {
  gsub(/[^0-9]/, "", $3)
  value[entry, $2] = $3
}

listing && /^   \]/ { exit }
listing {
  print $2 "\t" value[$2, "archive"] "\t" value[$2, "filename"] "\t" value[$2, "size"] "\t" value[$2, "sha256"]
}
in_targets && entry == target && /^   "packages"/ { listing = 1 }
