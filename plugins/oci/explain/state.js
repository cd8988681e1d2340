/* What a visitor chose, which the address holds after its `#`, so that a link shows the same. */
const newest = [...rows].reverse().find((row) => row.follows) || rows[rows.length - 1];
const DEFAULTS = {
  image: newest.images[0].reference,
  from: (newest.follows ? rows[newest.number - 1] : newest).images[0].reference,
  to: newest.images[0].reference,
  search: "",
  filter: "",
};
let state = { ...DEFAULTS };

const imageNamed = (reference) => data.images.find((image) => image.reference === reference);

function link(changes) {
  const shown = { ...state, ...changes };
  const told = Object.entries(shown).filter(([name, value]) => value !== DEFAULTS[name]);
  // A colon needs no escape there, and a reference is easier to read with it.
  return `#${new URLSearchParams(told).toString().replace(/%3A/g, ":")}`;
}

function readAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  state = { ...DEFAULTS };
  const absent = [];
  for (const name of Object.keys(DEFAULTS)) {
    if (given[name] === undefined) continue;
    if (["image", "from", "to"].includes(name) && !imageNamed(given[name])) absent.push(given[name]);
    else state[name] = given[name];
  }
  $("notice").textContent = absent.length ? `This page does not have ${[...new Set(absent)].join(", ")}, which the link names.` : "";
  for (const name of Object.keys(DEFAULTS)) if ($(name).value !== state[name]) $(name).value = state[name];
  show();
}

function change(changes) {
  const before = location.hash;
  const after = link(changes);
  if (after === before || (after === "#" && !before)) return;
  history.replaceState(null, "", after);
  readAddress();
}

function show() {
  markSelectedRow(imageNamed(state.image));
  showSearch(state.search);
  showTreemap(imageNamed(state.image));
  showBiggest(imageNamed(state.image));
  showChanges(imageNamed(state.from), imageNamed(state.to), state.filter);
}

showFacts();
showMatrix();
for (const name of ["image", "from", "to"]) {
  $(name).append(...data.images.map(({ reference }) => element("option", { value: reference }, short(reference))));
}
readAddress();
for (const name of Object.keys(DEFAULTS)) $(name).addEventListener("input", () => change({ [name]: $(name).value }));
$("swap").addEventListener("click", () => change({ from: state.to, to: state.from }));
addEventListener("hashchange", readAddress);
let pending;
addEventListener("resize", () => {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(() => showTreemap(imageNamed(state.image)));
});
