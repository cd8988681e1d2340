/* Which images have a package: "urllib3", "urllib3 1.26.9", "urllib3==1.26". */
const FOUND_LIMIT = 30;

const parseSearch = (text) => text.toLowerCase().split(/[\s=@]+/).filter(Boolean);

/* Each version of each package that the words mean, with the rows whose images have it. */
function findPackages(text) {
  const [wantedName, wantedVersion] = parseSearch(text);
  if (!wantedName) return [];
  const found = new Map();
  data.packages.forEach(([key, name, version], number) => {
    const fits = name.toLowerCase().replace(/_/g, "-").includes(wantedName.replace(/_/g, "-"))
      && (!wantedVersion || version.toLowerCase().startsWith(wantedVersion));
    if (!fits) return;
    const id = `${key} ${version}`;
    if (!found.has(id)) found.set(id, { name, version, numbers: new Set() });
    found.get(id).numbers.add(number);
  });
  for (const each of found.values()) {
    each.rows = rows.filter((row) => row.images[0].layers.some((layer) =>
      data.layers[layer].packages.some((number) => each.numbers.has(number))));
  }
  const exact = (each) => (each.name.toLowerCase() === wantedName ? 0 : 1);
  return [...found.values()].sort((a, b) => exact(a) - exact(b) || a.name.localeCompare(b.name)
    || a.version.localeCompare(b.version, "en", { numeric: true }));
}

function showSearch(text) {
  const found = findPackages(text);
  const having = new Set(found.flatMap((each) => each.rows));
  for (const row of rows) row.element.classList.toggle("without", found.length > 0 && !having.has(row));
  $("found-in").textContent = !text.trim() ? ""
    : found.length ? `In ${having.size} of ${plural(rows.length, "row")}:` : "No image has such a package.";
  const images = (each) => each.rows.flatMap((row) => {
    const { reference } = row.images[0];
    return [element("a", { href: link({ image: reference }) }, short(reference)), " "];
  });
  const lines = found.slice(0, FOUND_LIMIT).map((each) => element("tr", {},
    element("th", { scope: "row" }, each.name),
    element("td", { className: "version" }, each.version),
    element("td", { className: "images" }, ...images(each))));
  if (found.length > FOUND_LIMIT) {
    lines.push(element("tr", {}, element("td", { className: "empty", colSpan: 3 },
      `and ${plural(found.length - FOUND_LIMIT, "more version")}: write more of the name`)));
  }
  $("found").hidden = !lines.length;
  fillTable($("found-table"), [["package", ""], ["version", ""], ["images", ""]], lines, "");
}
