/* Images as rows, layers as columns. */

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

function showFacts() {
  const { images, stored, largest, ratio, addedUp } = data.together;
  const experiments = data.images.filter((image) => image.experimental).map((image) => short(image.reference));
  $("lead").textContent = `${plural(images, "image")}, each distinct layer stored once. `
    + (experiments.length ? `Not counted, as experiments: ${experiments.join(", ")}.` : "");
  const facts = [
    ["All images, stored once", size(stored)],
    ["Added up, image by image", size(addedUp)],
    ["Saved by sharing", `${addedUp ? Math.round(100 * (1 - stored / addedUp)) : 0}\u00a0%`],
    ["The largest image", size(largest)],
    ["All images, in largest ones", `${ratio.toFixed(2)}\u00a0\u00d7`],
  ];
  $("facts").append(...facts.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function matrixCell(role, row, above, below) {
  const layer = row.images[0].layers.find((each) => data.layers[each].role === role);
  if (layer === undefined) return element("td", {});
  const has = (other) => other !== undefined && other.images[0].layers.includes(layer);
  const number = variants.get(role).indexOf(layer);
  const { size: bytes, target, digest } = data.layers[layer];
  return element("td", {}, element(
    "div",
    {
      className: `cell${has(above) ? " up" : ""}${has(below) ? " down" : ""}`,
      title: `${target}\n${size(bytes)}\n${digest}`,
      "--hue": hue(role),
      "--shade": number % 3,
    },
    element("b", {}, letter(number)),
    element("span", {}, bytes < 5e4 ? "<0.1" : (bytes / 1e6).toFixed(1)),
  ));
}

function matrixRow(row) {
  const [image, ...twins] = row.images;
  const above = row.follows ? rows[row.number - 1] : undefined;
  const twinNames = twins.map((twin) => short(twin.reference)).join(", ");
  const button = element("button", { type: "button", title: twinNames }, short(image.reference),
    element("small", { className: "twins" }, twinNames),
    element("small", { className: "brief" }, [...image.versions, image.created].filter(Boolean).join("\n")));
  row.element = element("tr", { "aria-selected": "false", className: image.experimental ? "experiment" : "" },
    element("th", { scope: "row" }, button),
    ...[...image.versions, image.created].map((text) => element("td", { className: "fact" }, text)),
    element("td", { className: "number" }, size(image.size)),
    element("td", { className: "number" }, size(above ? bytesToPull(above.images[0], image) : image.size)),
    ...roles.map((role) => matrixCell(role, row, rows[row.number - 1], rows[row.number + 1])));
  row.element.addEventListener("click", () => change({
    image: image.reference,
    ...(above ? { from: above.images[0].reference, to: image.reference } : {}),
  }));
  return row.element;
}

function showMatrix() {
  const head = (text, className) => element("th", { scope: "col", className }, text);
  const roleHead = (role) => element("th", { scope: "col", className: "role", title: role },
    element("span", {}, label(role).replace(":", ":\u200b")));
  $("matrix").append(
    element("thead", {}, element("tr", {}, head("image", ""),
      ...data.columns.map((name) => head(name, "fact")), head("created", "fact"),
      head("size", "number"), head("to pull", "number"), ...roles.map(roleHead))),
    element("tbody", {}, ...rows.map(matrixRow)));
}

function markSelectedRow(image) {
  for (const row of rows) row.element.setAttribute("aria-selected", row.images.includes(image));
}
