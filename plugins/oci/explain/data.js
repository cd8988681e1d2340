"use strict";
/* What the page shows, as `oci.explain.catalogue` wrote it, and how it is written for people. */
const data = JSON.parse(document.getElementById("data").textContent);
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

const growth = (bytes) => (bytes > 0 ? "+" : "") + size(bytes);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const { roles } = data;
const hue = (role) => HUES[roles.indexOf(role) % HUES.length];

/* Each image knows its row, and a row its number. */
const rows = data.rows.map((row, number) => ({ ...row, number, images: row.images.map((index) => data.images[index]) }));
const rowOf = new Map(rows.flatMap((row) => row.images.map((image) => [image, row])));
const bytesToPull = (before, after) => rowOf.get(after).pulls[rowOf.get(before).number];

const repositories = new Set(data.images.map((image) => image.reference.split(":")[0]));
const short = (reference) => (repositories.size === 1
  ? reference.split(":").slice(1).join(":")
  : reference.replace(/:latest$/, ""));

/* `layers/airflow:airflow`, in short `layers/airflow`, is the layer `airflow`; `layers/airflow:dependencies` is one beside it. */
function label(role) {
  const [folder, name] = role.replace(/^layers\//, "").split(":");
  const last = folder.split("/").pop();
  return (name ?? last) === last ? last : `${folder}:${name}`;
}

function fillTable(table, heads, lines, empty) {
  if (!lines.length) {
    table.replaceChildren(element("tbody", {}, element("tr", {}, element("td", { className: "empty" }, empty))));
    return;
  }
  const head = heads.map(([text, className]) => element("th", { scope: "col", className }, text));
  table.replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
}
