// The charts, drawn by the chart library where the report carries it.

const hasCharts = typeof window.vegaEmbed === "function";

const chartConfiguration = {
  background: null, font: "system-ui, 'Liberation Sans', sans-serif",
  axis: {
    labelColor: "#333", titleColor: "#333", gridColor: "#e3e6ea", domainColor: "#888", tickColor: "#888", labelFontSize: 12,
    titleFontSize: 13, titleFontWeight: "normal", titlePadding: 8,
  },
  header: { labelColor: "#333", titleColor: "#333" }, legend: { labelColor: "#333", titleColor: "#333", labelLimit: 260 },
  title: { color: "#333", fontWeight: "normal" }, view: { stroke: "#ccc" },
};

// Expressions are interpreted, not compiled: the page may forbid scripts made of texts.
function drawChart(place, specification) {
  const narrow = place.clientWidth < 480;
  const whole = {
    width: "container", height: narrow ? 300 : 380, autosize: { type: "fit", contains: "padding" }, config: chartConfiguration,
    ...specification,
  };
  return window.vegaEmbed(place, whole, {
    mode: "vega-lite", renderer: "svg", ast: true, actions: { export: true, source: false, compiled: false, editor: false },
    downloadFileName: "fourthroot",
  }).catch((error) => place.replaceChildren(element("p", { class: "warning" }, `This figure could not be drawn: ${error.message}`)));
}

// What lies on the edge is drawn whole.
const logarithmic = { type: "log", nice: false, padding: 12 };
// Powers of ten, with their doubles and fivefolds where they are few.
function logarithmicAxis(values) {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const multiples = high - low < 1 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : high - low < 3 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil((high - low) / 8));
  const ticks = [];
  for (let power = Math.floor(low) - 1; power <= Math.ceil(high); power += 1) {
    if (power % stride === 0) ticks.push(...multiples.map((multiple) => multiple * 10 ** power));
  }
  // Between two neighbors: the ends themselves.
  if (!ticks.some((tick) => tick >= 10 ** low && tick <= 10 ** high)) ticks.push(10 ** low, 10 ** high);
  return {
    labelExpr: "datum.value < 0.001 || datum.value >= 100000 ? format(datum.value, '.1~e') : format(datum.value, '~g')",
    values: Number.isFinite(low) ? ticks : undefined, labelOverlap: true,
  };
}

function scaleOfStyle(name) { return { field: name, type: "nominal", scale: null, legend: null }; }

function tip(field, title, format) {
  return format ? { field, title, type: "quantitative", format } : { field, title, type: "nominal" };
}

function styled(one, style) {
  return {
    color: style.color, shape: style.shape, fill: style.filled ? style.color : "transparent", dash: style.dash ?? [1, 0], ...one,
  };
}

// Points {bits, nre, …style, title, size text} with the front through the best of them.
function paretoChart(points, front, power) {
  return {
    layer: [
      {
        data: { values: front }, mark: { type: "line", interpolate: "step-after", color: "#555", strokeWidth: 1.5 },
        encoding: { x: { field: "bits", type: "quantitative" }, y: { field: "nre", type: "quantitative" } },
      },
      {
        data: { values: points }, mark: { type: "point", size: 70, strokeWidth: 1.6 },
        encoding: {
          x: {
            field: "bits", type: "quantitative", title: "bits per entry, everything counted",
            scale: { zero: false, nice: false, padding: 12 },
          },
          y: { field: "nre", type: "quantitative", title: `NRE of ${power}`, scale: logarithmic, axis: logarithmicAxis(points.map((p) => p.nre)) },
          color: scaleOfStyle("color"), fill: scaleOfStyle("fill"), shape: scaleOfStyle("shape"),
          opacity: { field: "opacity", type: "quantitative", scale: null, legend: null },
          tooltip: [
            tip("title", "case"), tip("bits", "bits per entry", ".3~f"), tip("nre", "NRE", ".3~g"), tip("size", "both take"),
            tip("verdict", "front"),
          ],
        },
      },
    ],
  };
}

// Curves {x, y, series, dash, …style} over a number, with a band from low to high where points have one.
function curveChart(points, { x, y, xLog = false, yLog = true, marks = true, isWhole = false }) {
  return {
    data: { values: points },
    layer: [
      ...(points.some((p) => p.high > p.low) ? [{
        mark: { type: "area", opacity: distinct(points.map((p) => p.series)).length > 4 ? 0.08 : 0.18 },
        encoding: {
          y: { field: "low", type: "quantitative", title: y }, y2: { field: "high" },
          detail: { field: "series", type: "nominal" },
        },
      }] : []),
      {
        mark: { type: "line", strokeWidth: 1.8 },
        encoding: { detail: { field: "series", type: "nominal" }, strokeDash: scaleOfStyle("dash") },
      },
      ...(marks ? [{
        mark: { type: "point", size: 45, strokeWidth: 1.4 },
        encoding: { fill: scaleOfStyle("fill"), shape: scaleOfStyle("shape") },
      }] : []),
    ],
    encoding: {
      x: {
        field: "x", type: "quantitative", title: x,
        scale: xLog ? logarithmic : { zero: false, nice: false, padding: 8 }, 
        axis: xLog ? logarithmicAxis(points.map((p) => p.x)) : { tickMinStep: isWhole ? 1 : undefined },
      },
      y: {
        field: "y", type: "quantitative", title: y, scale: yLog ? logarithmic : { zero: false },
        axis: yLog ? logarithmicAxis(points.map((p) => p.y)) : {},
      },
      color: scaleOfStyle("color"),
      tooltip: [tip("series", "curve"), tip("x", x, ".4~g"), tip("y", y, ".3~g")],
    },
  };
}

// One mark a matrix, the largest first.
function dotChart(points, x) {
  return {
    height: 60 + points.length * (points.length > 40 ? 14 : 20), data: { values: points },
    mark: { type: "point", filled: true, size: 60, color: "#0072b2" },
    encoding: {
      x: { field: "x", type: "quantitative", title: x, scale: logarithmic, axis: logarithmicAxis(points.map((p) => p.x)) },
      y: { field: "name", type: "nominal", title: null, sort: "-x", axis: { labelLimit: 220, grid: true } },
      tooltip: [tip("full", "matrix"), tip("x", x, ".4~g")],
    },
  };
}

// Distinct to color-blind eyes too: Okabe and Ito's colors, for curves that are no storages.
const seriesColors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#6A6A6A", "#661100", "#000000"];

function seriesStyle(index) {
  const shapes = ["circle", "square", "diamond", "triangle-up", "triangle-down"];
  return {
    color: seriesColors[index % seriesColors.length], shape: shapes[Math.floor(index / seriesColors.length) % shapes.length],
    filled: true,
  };
}

const dashes = [[1, 0], [8, 4], [2, 3], [9, 3, 2, 3], [9, 3, 2, 3, 2, 3]];

// The style of a pair of storages for each of several curves; those of one pair differ by their dashes.
function pairStyles(pairs) {
  const seen = new Map();
  return pairs.map((pair) => {
    seen.set(pair, (seen.get(pair) ?? -1) + 1);
    return { ...styleOf(pair), dash: dashes[seen.get(pair) % dashes.length], isLine: true };
  });
}

// Marks with their names; a click hides or shows what has one.
function chips(entries, hidden, change) {
  return element("div", { class: "chips", role: "group", "aria-label": "Curves" }, entries.map(({ key, title, style }) => {
    const chip = element("button", {
      type: "button", class: "chip", "aria-pressed": String(!hidden.has(key)),
      onclick: () => {
        if (hidden.has(key)) hidden.delete(key);
        else hidden.add(key);
        chip.setAttribute("aria-pressed", String(!hidden.has(key)));
        change();
      },
    }, symbol(style), title);
    return chip;
  }));
}
