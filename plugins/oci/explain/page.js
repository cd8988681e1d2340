"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PACKAGE_LIMIT = 40;
const HUES = [255, 205, 160, 30, 340, 90, 285, 55, 185, 15];
const $ = (id) => document.getElementById(id);

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("--")) made.style.setProperty(key, value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function size(bytes) {
  const sign = bytes < 0 ? "\u2212" : "";
  const magnitude = Math.abs(bytes);
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (magnitude >= factor) return `${sign}${(magnitude / factor).toFixed(1)}\u00a0${unit}`;
  }
  return `${sign}${magnitude}\u00a0B`;
}

const change = (bytes) => (bytes > 0 ? "+" : "") + size(bytes);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const stored = (image) => sum(image.layers.map((layer) => data.layers[layer].size));

/* Which layers an image needs that another has not, in bytes. */
function pull(before, after) {
  const known = new Set(before.layers);
  return sum(after.layers.filter((layer) => !known.has(layer)).map((layer) => data.layers[layer].size));
}

const roles = [...new Set(data.images.flatMap((image) => image.layers.map((layer) => data.layers[layer].role)))];
const hue = (role) => HUES[roles.indexOf(role) % HUES.length];

/* Versions of a role's layer, in the order in which images get them. */
const variants = new Map(roles.map((role) => [role, []]));
for (const image of data.images) {
  for (const layer of image.layers) {
    const seen = variants.get(data.layers[layer].role);
    if (!seen.includes(layer)) seen.push(layer);
  }
}

function letter(index) {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/* Images of the same layers stand in one row. */
const rows = [];
for (const image of data.images) {
  const key = image.layers.join(" ");
  const row = rows.find((other) => other.key === key);
  if (row) row.images.push(image);
  else rows.push({ key, images: [image], layers: image.layers });
}

const short = (reference) => {
  const repositories = new Set(data.images.map((image) => image.reference.split(":")[0]));
  return repositories.size === 1 ? reference.split(":").slice(1).join(":") : reference.replace(/:latest$/, "");
};

/* `layers/airflow:airflow`, in short `layers/airflow`, is the layer `airflow`; `layers/airflow:dependencies` is one beside it. */
function label(role) {
  const [folder, name] = role.replace(/^layers\//, "").split(":");
  const last = folder.split("/").pop();
  return (name ?? last) === last ? last : `${folder}:${name}`;
}

function showFacts() {
  const apart = sum(data.images.map(stored));
  const once = sum([...new Set(data.images.flatMap((image) => image.layers))].map((layer) => data.layers[layer].size));
  const largest = Math.max(...data.images.map(stored));
  $("lead").textContent = `${plural(data.images.length, "image")} made of ${plural(data.layers.length, "layer")}, each stored once.`;
  const facts = [
    ["All images, stored once", size(once)],
    ["Added up, image by image", size(apart)],
    ["Saved by sharing", `${Math.round(100 * (1 - once / apart))}\u00a0%`],
    ["The largest image", size(largest)],
    ["All images, in largest ones", `${(once / largest).toFixed(1)}\u00a0\u00d7`],
  ];
  $("facts").append(...facts.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function matrixCell(role, row, above, below) {
  const layer = row.layers.find((each) => data.layers[each].role === role);
  if (layer === undefined) return element("td", {});
  const has = (other) => other !== undefined && other.layers.includes(layer);
  const number = variants.get(role).indexOf(layer);
  const { size: bytes, diffID } = data.layers[layer];
  return element("td", {}, element(
    "div",
    {
      className: `cell${has(above) ? " up" : ""}${has(below) ? " down" : ""}`,
      title: `${data.layers[layer].target}\n${size(bytes)}\n${diffID}`,
      "--hue": hue(role),
      "--shade": number % 3,
    },
    element("b", {}, letter(number)),
    element("span", {}, size(bytes)),
  ));
}

function showMatrix() {
  const heads = roles.map((role) => element("th", { scope: "col", title: role }, label(role).replace(":", ":\u200b")));
  const head = element("tr", {}, element("th", { scope: "col" }, "image"), ...heads,
    element("th", { scope: "col", className: "number" }, "size"),
    element("th", { scope: "col", className: "number" }, "to pull"));
  const body = rows.map((row, index) => {
    const [image, ...twins] = row.images;
    const above = rows[index - 1];
    const button = element("button", { type: "button" }, short(image.reference),
      twins.length ? element("small", {}, twins.map((twin) => short(twin.reference)).join(", ")) : null);
    const made = element("tr", { "aria-selected": "false" },
      element("th", { scope: "row" }, button),
      ...roles.map((role) => matrixCell(role, row, above, rows[index + 1])),
      element("td", { className: "number" }, size(stored(image))),
      element("td", { className: "number" }, above ? size(pull(above.images[0], image)) : size(stored(image))));
    made.addEventListener("click", () => {
      $("image").value = data.images.indexOf(image);
      if (above) {
        $("from").value = data.images.indexOf(above.images[0]);
        $("to").value = data.images.indexOf(image);
        showChanges();
      }
      showImage();
    });
    row.element = made;
    return made;
  });
  $("matrix").append(element("thead", {}, head), element("tbody", {}, ...body));
}

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
    ` \u2014 ${size(total)} unpacked in ${plural(count, "package")}, ${size(stored(image))} as stored`);
}

function fillTable(table, heads, lines, empty) {
  if (!lines.length) {
    table.replaceChildren(element("tbody", {}, element("tr", {}, element("td", { className: "empty" }, empty))));
    return;
  }
  const head = heads.map(([text, className]) => element("th", { scope: "col", className }, text));
  table.replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
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

function showImage() {
  const image = data.images[$("image").value];
  for (const row of rows) row.element.setAttribute("aria-selected", row.images.includes(image));
  showTreemap(image);
  showBiggest(image);
}

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
  const roleOf = (layer) => data.layers[layer].role;
  const line = (layer, kind) => ({ layer, kind });
  const changes = after.layers.map((layer) => line(layer,
    before.layers.includes(layer) ? "same"
      : before.layers.some((other) => roleOf(other) === roleOf(layer)) ? "changed" : "added"));
  const now = new Set(after.layers.map(roleOf));
  return [...changes, ...before.layers.filter((layer) => !now.has(roleOf(layer))).map((layer) => line(layer, "removed"))];
}

function showChanges() {
  const [before, after] = [data.images[$("from").value], data.images[$("to").value]];
  const changes = packageChanges(before, after);
  const bytes = pull(before, after);
  $("pull").replaceChildren(
    element("b", {}, bytes ? `${size(bytes)} to pull` : "Nothing to pull"),
    ` of ${size(stored(after))}; ${changes.length ? `${plural(changes.length, "package")} differ` : "all packages are the same"}.`);
  $("layers").replaceChildren(...layerChanges(before, after).map(({ layer, kind }) => element("li", { className: kind },
    element("span", {}, label(data.layers[layer].role)), element("small", {}, `${kind} \u00b7 ${size(data.layers[layer].size)}`))));
  const wanted = $("filter").value.trim().toLowerCase();
  const lines = changes.filter((each) => each.name.toLowerCase().includes(wanted)).map((each) => element("tr", {},
    element("th", { scope: "row" }, each.name),
    element("td", { className: `kind ${each.kind}` }, each.kind),
    element("td", { className: "version" }, each.from ? each.from.version : ""),
    element("td", { className: "version" }, each.to ? each.to.version : ""),
    element("td", { className: "number" }, each.growth ? change(each.growth) : ""),
    element("td", { className: "layer" }, label(each.role))));
  fillTable($("changes"),
    [["package", ""], ["", ""], ["from", ""], ["to", ""], ["unpacked", "number"], ["layer", "layer"]],
    lines, changes.length ? "No package of that name changed." : "The same packages, in the same versions.");
}

function fillSelects() {
  for (const select of [$("image"), $("from"), $("to")]) {
    select.append(...data.images.map((image, index) => element("option", { value: index }, short(image.reference))));
  }
  const last = rows[rows.length - 1].images[0];
  const before = (rows[rows.length - 2] || rows[0]).images[0];
  $("image").value = $("to").value = data.images.indexOf(last);
  $("from").value = data.images.indexOf(before);
}

showFacts();
showMatrix();
fillSelects();
showImage();
showChanges();
$("image").addEventListener("change", showImage);
for (const id of ["from", "to"]) $(id).addEventListener("change", showChanges);
$("filter").addEventListener("input", showChanges);
$("swap").addEventListener("click", () => {
  [$("from").value, $("to").value] = [$("to").value, $("from").value];
  showChanges();
});
let pending;
addEventListener("resize", () => {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(showImage);
});
