// Elements are made of text nodes alone: no name from a file is ever read as HTML.

function element(name, attributes, ...children) {
  const result = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) result.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) result.setAttribute(key, value === true ? "" : value);
  }
  result.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return result;
}

const svgNamespace = "http://www.w3.org/2000/svg";

// The mark of a storage, or the line of a curve, as the charts draw it.
function symbol(style) {
  const paths = {
    "circle": "M8 2.5a5.5 5.5 0 1 0 .001 0Z", "square": "M3 3h10v10H3Z", "diamond": "M8 1.5 14.5 8 8 14.5 1.5 8Z",
    "triangle-up": "M8 2 14.5 13.5h-13Z", "triangle-down": "M8 14 14.5 2.5h-13Z",
  };
  const path = document.createElementNS(svgNamespace, "path");
  path.setAttribute("d", style.isLine ? "M0 8H32" : paths[style.shape] ?? paths.circle);
  path.setAttribute("fill", style.filled && !style.isLine ? style.color : "none");
  if (style.isLine) path.setAttribute("stroke-dasharray", style.dash.map((length) => 0.7 * length).join(" "));
  path.setAttribute("stroke", style.color);
  path.setAttribute("stroke-width", "2");
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", style.isLine ? "0 0 32 16" : "0 0 16 16");
  if (style.isLine) svg.setAttribute("class", "line");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  return svg;
}

// Three significant digits, large and small ones with a power of ten.
function digits(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa}·10${superscript(Number(exponent))}`;
  }
  return size >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function superscript(number) {
  return [...String(number)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
}

function byteText(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toPrecision(3)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toPrecision(3)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toPrecision(3)} kB` : `${Math.round(bytes)} B`;
}

function selectControl(label, options, value, change) {
  const select = element(
    "select", { onchange: () => change(select.value) },
    options.map(([key, text]) => element("option", { value: key, selected: key === value }, text)));
  return element("label", {}, label, select);
}

// A number of a field; null where it is empty or none.
function numberOf(text) {
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

function distinct(values) { return [...new Set(values)]; }

function groupedBy(values, key) {
  const groups = new Map();
  for (const value of values) {
    const name = key(value);
    if (groups.has(name)) groups.get(name).push(value);
    else groups.set(name, [value]);
  }
  return groups;
}
