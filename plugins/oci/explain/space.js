/* What takes space in an image. */
const PACKAGE_LIMIT = 40;

/* Squarified treemap: Bruls, Huizing, van Wijk, 2000. Places items by weight in a rectangle. */
function squarify(items, x, y, width, height) {
  const placed = [];
  const queue = items.filter((item) => item.weight > 0).sort((a, b) => b.weight - a.weight);
  let left = sum(queue.map((item) => item.weight));
  while (queue.length && width > 0 && height > 0) {
    const side = Math.min(width, height);
    const scale = (width * height) / left;
    let row = [];
    let total = 0;
    const worst = (weights, all) => {
      const thickness = (all * scale) / side;
      return Math.max(...[weights[0], weights[weights.length - 1]].map((weight) => {
        const length = (weight * scale) / thickness;
        return Math.max(length / thickness, thickness / length);
      }));
    };
    while (queue.length) {
      const weights = [...row.map((item) => item.weight), queue[0].weight];
      if (row.length && worst(weights, total + queue[0].weight) > worst(weights.slice(0, -1), total)) break;
      row.push(queue.shift());
      total += row[row.length - 1].weight;
    }
    const thickness = (total * scale) / side;
    let offset = 0;
    for (const item of row) {
      const length = (item.weight * scale) / thickness;
      placed.push(width >= height
        ? { item, x, y: y + offset, width: thickness, height: length }
        : { item, x: x + offset, y, width: length, height: thickness });
      offset += length;
    }
    if (width >= height) { x += thickness; width -= thickness; } else { y += thickness; height -= thickness; }
    left -= total;
  }
  return placed;
}

function place(box, { x, y, width, height }) {
  Object.assign(box.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  return box;
}

function packagesOf(layer) {
  const { packages, rest, target, role } = data.layers[layer];
  const items = packages.map((number) => {
    const [, name, version, weight] = data.packages[number];
    return { name, version, weight, target, role };
  });
  if (rest > 0) items.push({ name: "files of no package", version: "", weight: rest, target, role, rest: true });
  return items;
}

function describe(item) {
  $("detail").replaceChildren(
    element("b", {}, `${item.name} ${item.version}`.trim()), ` \u2014 ${size(item.weight)} in ${item.target}`);
}

function tile(at) {
  const { item } = at;
  const box = place(element("div", {
    className: `tile${item.rest ? " rest" : ""}`,
    title: `${item.name} ${item.version}\n${size(item.weight)}\n${item.target}`,
    "--hue": hue(item.role),
  }), at);
  if (at.width > 44 && at.height > 18) box.append(element("span", {}, item.name));
  if (at.width > 60 && at.height > 36) box.append(element("small", {}, size(item.weight)));
  box.addEventListener("mouseenter", () => describe(item));
  box.addEventListener("click", () => describe(item));
  return box;
}

function showTreemap(image) {
  const map = $("treemap");
  const groups = image.layers.map((layer) => {
    const items = packagesOf(layer);
    return { layer, items, weight: sum(items.map((item) => item.weight)) };
  });
  const boxes = squarify(groups, 0, 0, map.clientWidth, map.clientHeight).map((at) => {
    const { role } = data.layers[at.item.layer];
    const head = at.height > 60 && at.width > 60 ? 21 : 0;
    const group = place(element("div", { className: "group" }), at);
    if (head) group.append(element("span", {}, `${label(role)} \u00b7 ${size(at.item.weight)}`));
    group.append(...squarify(at.item.items, 0, head, at.width, at.height - head).map(tile));
    return group;
  });
  map.replaceChildren(...boxes);
  const total = sum(groups.map((group) => group.weight));
  const count = sum(groups.map((group) => group.items.filter((item) => !item.rest).length));
  $("detail").replaceChildren(element("b", {}, image.reference),
    ` \u2014 ${size(total)} unpacked in ${plural(count, "package")}, ${size(image.size)} as stored`);
}

function showBiggest(image) {
  const items = image.layers.flatMap(packagesOf).filter((item) => !item.rest);
  items.sort((a, b) => b.weight - a.weight);
  const lines = items.slice(0, PACKAGE_LIMIT).map((item) => element("tr", {},
    element("th", { scope: "row" }, item.name),
    element("td", { className: "version" }, item.version),
    element("td", { className: "number" }, size(item.weight)),
    element("td", { className: "layer" }, item.target)));
  fillTable($("biggest"), [["package", ""], ["version", ""], ["unpacked", "number"], ["layer", "layer"]], lines, "");
}
