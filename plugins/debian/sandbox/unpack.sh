# Unpacks the packages of a toolchain from `debs` into the folder `tree`.
#
# usage: unpack.sh
#
# What programs do not need to run is left out, as is every link that leaves the tree: on another
# machine it would mean another file.
set -euo pipefail

for deb in debs/*.deb; do
  /usr/bin/dpkg-deb -x "$deb" tree
done
cd tree
# Through a link that leads out, what follows would remove what is there.
for folder in etc var usr usr/share; do
  [[ ! -L $folder ]] || { echo "A package of the toolchain makes /$folder a link: lock another." >&2 && exit 1; }
done
rm -rf etc var usr/share/{applications,apps,binfmts,bug,doc,icons,info,lintian,locale,man,menu,pixmaps}
find . -depth -type d \( -name __pycache__ -o -name test -o -name tests \) -path '*/python3*' \
  -exec rm -rf {} +
# A link to `/lib/...` of the package's own system is a link inside the tree.
find . -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  target="$(readlink "$link")"
  rm "$link"
  [[ ! -e .$target ]] || ln -s "$(realpath -m --relative-to="$(dirname "$link")" ".$target")" "$link"
done
find . -xtype l -delete
# No program can write here, and so none can change what others read.
chmod -R u+rwX,go+rX,go-w .
