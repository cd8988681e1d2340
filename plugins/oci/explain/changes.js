/* What changed between two images: the rules are those of `oci.explain.changes`. */

/* The packages of an image by their keys, each with its layer's role. */
function inventory(image) {
  const found = new Map();
  for (const layer of image.layers) {
    for (const number of data.layers[layer].packages) {
      const [key, name, version, weight] = data.packages[number];
      found.set(key, { key, name, version, weight, role: data.layers[layer].role });
    }
  }
  return found;
}

function packageChanges(before, after) {
  const [old, current] = [inventory(before), inventory(after)];
  const keys = [...new Set([...old.keys(), ...current.keys()])];
  return keys.map((key) => ({ from: old.get(key), to: current.get(key) }))
    .filter(({ from, to }) => !from || !to || from.version !== to.version)
    .map(({ from, to }) => ({
      from, to, ...(to || from),
      kind: !from ? "added" : !to ? "removed" : "changed",
      growth: (to ? to.weight : 0) - (from ? from.weight : 0),
    }))
    .sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role) || a.name.localeCompare(b.name));
}

function layerChanges(before, after) {
  const described = (number) => data.layers[number];
  const byContent = new Map(before.layers.map((layer) => [described(layer).diffID, layer]));
  const byRole = new Map(before.layers.map((layer) => [described(layer).role, layer]));
  const matched = new Set();
  const changes = after.layers.map((layer) => {
    const { digest, diffID, role } = described(layer);
    const old = byContent.get(diffID) ?? byRole.get(role);
    if (old === undefined) return { layer, kind: "added" };
    matched.add(described(old).diffID);
    if (described(old).digest === digest) return { layer, kind: "same" };
    return { layer, kind: described(old).diffID === diffID ? "recompressed" : "changed" };
  });
  const gone = before.layers.filter((layer) => !matched.has(described(layer).diffID));
  return [...changes, ...gone.map((layer) => ({ layer, kind: "removed" }))];
}

function showChanges(before, after, filter) {
  const changes = packageChanges(before, after);
  const bytes = bytesToPull(before, after);
  $("pull").replaceChildren(
    element("b", {}, bytes ? `${size(bytes)} to pull` : "Nothing to pull"),
    ` of ${size(after.size)}; ${changes.length ? `${plural(changes.length, "package")} differ` : "all packages are the same"}.`);
  $("layers").replaceChildren(...layerChanges(before, after).map(({ layer, kind }) => element("li", { className: kind },
    element("span", {}, label(data.layers[layer].role)), element("small", {}, `${kind} \u00b7 ${size(data.layers[layer].size)}`))));
  const wanted = filter.trim().toLowerCase();
  const lines = changes.filter((each) => each.name.toLowerCase().includes(wanted)).map((each) => element("tr", {},
    element("th", { scope: "row" }, each.name),
    element("td", { className: `kind ${each.kind}` }, each.kind),
    element("td", { className: "version" }, each.from ? each.from.version : ""),
    element("td", { className: "version" }, each.to ? each.to.version : ""),
    element("td", { className: "number" }, each.growth ? growth(each.growth) : ""),
    element("td", { className: "layer" }, label(each.role))));
  fillTable($("changes"),
    [["package", ""], ["", ""], ["from", ""], ["to", ""], ["unpacked", "number"], ["layer", "layer"]],
    lines, changes.length ? "No package of that name changed." : "The same packages, in the same versions.");
}
