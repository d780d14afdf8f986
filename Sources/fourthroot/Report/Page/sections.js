// The sections of the report: each takes the tables of its kind and returns what it has to show, or nothing.

const power = (cases) => {
  const exponents = distinct(cases.map((c) => numberOf(c.row.exponent)).filter((p) => p));
  if (exponents.length !== 1) return "A^(−p)";
  const whole = Math.round(1 / exponents[0]);
  return Math.abs(whole * exponents[0] - 1) < 1e-9 ? (whole === 1 ? "A⁻¹" : `A^(−1/${whole})`) : `A^(−${exponents[0]})`;
};

function styleOf(storage) { return report.styles[storage] ?? { color: "#6A6A6A", shape: "circle", filled: true }; }

function storageChips(cases, hidden, change) {
  const entries = distinct(cases.map((c) => c.storage)).map((key) => ({ key, title: storageTitle(key), style: styleOf(key) }));
  return chips(entries, hidden, change);
}

// What a column says; of a study where no table is named.
function tipOf(name, table = report.tables.find((t) => t.kind === "study")) { return table?.explanations[name]; }

function studiedSection(study) {
  const rows = [...groupedBy(study.cases, (c) => c.matrix).entries()].map(([matrix, cases]) => {
    const best = paretoFront(cases.filter((c) => c.coded !== "none"));
    return {
      matrix: study.titles.get(matrix), full: cases[0].name, source: cases[0].source, order: cases[0].order,
      condition: cases[0].condition, cases: cases.length, best: best.length > 0 ? best.at(-1).nre : null,
      other: cases.filter((c) => c.outcome !== "ok").length,
    };
  });
  const columns = [
    { name: "matrix", cell: (row, td) => { td.title = row.full; } },
    { name: "order", isNumber: true, tip: tipOf("order") },
    { name: "condition", title: "condition number", isNumber: true, text: (r) => digits(r.condition), tip: tipOf("condition_number") },
    { name: "cases", isNumber: true },
    { name: "other", title: "not ok", isNumber: true, tip: tipOf("outcome") },
    { name: "best", title: "least NRE", isNumber: true, text: (r) => digits(r.best), tip: tipOf("nre") },
  ];
  if (distinct(rows.map((r) => r.source)).length > 1) columns.push({ name: "source" });
  return { id: "studied", title: "What was studied", content: [dataTable(columns, rows)] };
}

function codedChoices(cases) {
  return Object.entries(codedTitles).filter(([key]) => cases.some((c) => c.coded === key));
}

function paretoSection(study) {
  const cases = study.cases.filter((c) => c.coded !== "none" && !(c.contraction !== null && c.contraction !== 0));
  const choices = codedChoices(cases);
  if (choices.length === 0) return null;
  const matrices = [...study.titles.entries()].filter(([matrix]) => cases.some((c) => c.matrix === matrix));
  // Without a case that has an error for all matrices there is no mean of them.
  const means = meanCases(cases.filter((c) => c.coded === choices[0][0]));
  const state = { coded: choices[0][0], matrix: matrices.length > 1 && means.length > 0 ? "" : matrices[0][0], hidden: new Set() };
  const [place, marks, list] = [element("div", { class: "chart" }), element("div"), element("div")];

  function shown() {
    const chosen = cases.filter((c) => c.coded === state.coded && (state.matrix === "" || c.matrix === state.matrix));
    return state.matrix === "" && matrices.length > 1 ? meanCases(chosen) : chosen.filter((c) => c.nre > 0);
  }

  function draw() {
    const points = shown().filter((c) => !state.hidden.has(c.storage));
    const front = paretoFront(points);
    const onFront = new Set(front);
    if (hasCharts) {
      const values = points.map((c) => styled({
        bits: c.bits, nre: c.nre, title: study.caseTitles.get(c.key), size: byteText(c.bytes), opacity: onFront.has(c) ? 1 : 0.35,
        verdict: onFront.has(c) ? "on the front: nothing as small is as exact" : "another case is smaller and more exact",
      }, styleOf(c.storage))).sort((a, b) => a.opacity - b.opacity);
      drawChart(place, paretoChart(values, front.map((c) => ({ bits: c.bits, nre: c.nre })), power(cases)));
    }
    list.replaceChildren(
      element("h3", {}, "The Pareto front"),
      dataTable([
        { name: "title", title: "case", text: (c) => study.caseTitles.get(c.key) },
        { name: "bits", title: "bits per entry", isNumber: true, text: (c) => digits(c.bits), tip: tipOf("bits_per_entry") },
        { name: "bytes", title: "both take", isNumber: true, text: (c) => byteText(c.bytes) },
        { name: "nre", title: "NRE", isNumber: true, text: (c) => digits(c.nre), tip: tipOf("nre") },
      ], front));
  }

  function drawAll() {
    marks.replaceChildren(storageChips(shown(), state.hidden, draw));
    draw();
  }

  const controls = element(
    "div", { class: "controls" },
    choices.length > 1 ? selectControl("What is coded", choices, state.coded, (v) => { state.coded = v; drawAll(); }) : null,
    matrices.length > 1 ? selectControl(
      "Matrix", [["", `geometric mean over ${matrices.length} matrices`], ...matrices], state.matrix,
      (v) => { state.matrix = v; drawAll(); }) : null);
  return {
    id: "pareto", title: "Error against bytes", draw: drawAll,
    content: [
      element("p", {}, "Each mark is a way to store; lower and further left is better. The line is the Pareto front: no other case is both "
        + "smaller and more exact. Bits are of one n × n matrix, with block maxima, diagonals, eigenvalues and padding; where "
        + "statistic and root are coded, they are the mean of both."),
      controls, marks, place, list,
    ],
  };
}

function thresholdSection(study) {
  const cases = study.cases.filter((c) => c.nre > 0 && c.coded !== "none" && !(c.contraction !== null && c.contraction !== 0));
  const choices = codedChoices(cases);
  if (choices.length === 0) return null;
  const errors = cases.map((c) => c.nre);
  const [low, high] = [Math.log10(Math.min(...errors)), Math.log10(Math.max(...errors))];
  const state = { coded: choices[0][0], limit: Math.min(Math.max(0.05, 10 ** low), 10 ** high) };
  const place = element("div");
  const number = element("input", { type: "text", inputmode: "decimal", size: 8, "aria-label": "Largest NRE", onchange: () => {
    const value = Number(number.value);
    if (value > 0) { state.limit = value; slider.value = Math.log10(value); draw(); }
  } });
  const slider = element("input", {
    type: "range", min: Math.floor(low * 20) / 20, max: Math.ceil(high * 20) / 20, step: 0.02, value: Math.log10(state.limit),
    "aria-label": "Largest NRE, on a logarithmic scale",
    oninput: () => { state.limit = Number((10 ** Number(slider.value)).toPrecision(3)); draw(); },
  });

  function draw() {
    number.value = String(state.limit);
    const chosen = cases.filter((c) => c.coded === state.coded);
    const rows = [...groupedBy(chosen, (c) => c.matrix).entries()].map(([matrix, group]) => {
      const enough = group.filter((c) => c.nre <= state.limit).sort((a, b) => a.bytes - b.bytes || a.nre - b.nre)[0];
      const best = group.reduce((least, c) => (c.nre < least.nre ? c : least));
      return { matrix, full: group[0].name, found: enough, nre: (enough ?? best).nre, bits: enough?.bits ?? null, bytes: enough?.bytes ?? null, order: group[0].order };
    });
    const kept = rows.filter((r) => r.found);
    const total = kept.reduce((sum, r) => sum + r.bytes, 0);
    const exact = kept.reduce((sum, r) => sum + 8 * r.order ** 2, 0);
    const most = Math.max(...kept.map((r) => r.bits), 1);
    place.replaceChildren(
      element("p", { "aria-live": "polite" },
        `${kept.length} of ${rows.length} matrices reach an NRE of ${digits(state.limit)}`
        + (kept.length > 0 ? ` in ${byteText(total)}, ${(100 * total / exact).toPrecision(3)} % of ${byteText(exact)} in float32.` : ".")),
      dataTable([
        { name: "matrix", text: (r) => study.titles.get(r.matrix), cell: (r, td) => { td.title = r.full; } },
        { name: "enough", title: "cheapest storage that is enough", text: (r) => (r.found ? study.caseTitles.get(r.found.key) : "none: the best reaches") },
        { name: "bits", title: "bits per entry", isNumber: true, text: (r) => digits(r.bits), value: (r) => r.bits, cell: (r, td) => {
          if (r.bits !== null) td.append(element("span", { class: "bar", style: `width:${(100 * r.bits / most).toFixed(1)}%` }));
        } },
        { name: "bytes", title: "both take", isNumber: true, text: (r) => (r.bytes === null ? "" : byteText(r.bytes)), value: (r) => r.bytes },
        { name: "nre", title: "NRE", isNumber: true, text: (r) => digits(r.nre), value: (r) => r.nre },
      ], rows));
  }

  const controls = element(
    "div", { class: "controls" }, element("label", {}, "Largest NRE", slider), element("label", {}, "or type it", number),
    choices.length > 1 ? selectControl("What is coded", choices, state.coded, (v) => { state.coded = v; draw(); }) : null);
  return {
    id: "enough", title: "Which storage is enough", draw,
    content: [element("p", {}, "For each matrix the storage that takes the fewest bytes and whose error is at most this:"), controls, place],
  };
}

// Curves of one kind with a choice of panels: the contraction of the spectrum, and the steps of a training.
function curvesSection(study, { id, title, text, x, value, axis, panel, panelLabel }) {
  const cases = study.cases.filter((c) => c.nre > 0 && value(c) !== null && c.coded !== "none");
  if (!hasCharts || distinct(cases.map(value)).length < 2) return null;
  const panels = [...groupedBy(cases, panel.key).entries()].filter(([, group]) => distinct(group.map(value)).length > 1)
    .map(([key, group]) => [key, panel.title(group[0])]);
  if (panels.length === 0) return null;
  const state = { panel: panels[0][0], hidden: new Set() };
  const [place, marks] = [element("div", { class: "chart" }), element("div")];
  const shown = () => cases.filter((c) => panel.key(c) === state.panel);
  function draw() {
    const points = shown().filter((c) => !state.hidden.has(c.storage)).map((c) => styled(
      { x: value(c), y: c.nre, series: study.caseTitles.get(c.key) }, styleOf(c.storage))).sort((a, b) => a.x - b.x);
    drawChart(place, curveChart(points, { x: axis, y: `NRE of ${power(cases)}`, isWhole: true }));
  }
  function drawAll() {
    marks.replaceChildren(storageChips(shown(), state.hidden, draw));
    draw();
  }
  return {
    id, title, draw: drawAll,
    content: [
      element("p", {}, text),
      panels.length > 1 ? element("div", { class: "controls" }, selectControl(panelLabel, panels, state.panel, (v) => { state.panel = v; drawAll(); })) : null,
      marks, place,
    ],
  };
}

function contractionSection(study) {
  return curvesSection(study, {
    id: "contraction", title: "Error as the spectrum is contracted", axis: "log2 τ", value: (c) => c.contraction, panelLabel: "Matrix",
    text: "Eigenvalues are moved to τ(λ − λmin) + λmin: at τ = 1 (0 on the axis) the matrix is as it was, further left its condition "
      + "number approaches 1.",
    panel: { key: (c) => c.matrix, title: (c) => study.titles.get(c.matrix) },
  });
}

function stepsSection(study) {
  const place = (c) => [c.parameter, c.row.block_row, c.row.block_column, c.side].join(" ");
  return curvesSection(study, {
    id: "steps", title: "Error over the training", axis: "step", value: (c) => (c.parameter ? c.step : null), panelLabel: "Matrix",
    text: "The same statistic at several steps of a training.",
    panel: { key: (c) => `${c.source} ${place(c)}`, title: place },
  });
}

function conditionSection(study) {
  const points = [...groupedBy(study.cases, (c) => c.matrix).entries()]
    .filter(([, [c]]) => c.condition > 0 && Number.isFinite(c.condition))
    .map(([matrix, [c]]) => ({ name: study.titles.get(matrix), full: c.name, x: c.condition }));
  if (!hasCharts || points.length < 2) return null;
  const place = element("div", { class: "chart" });
  const shown = points.sort((a, b) => b.x - a.x).slice(0, 80);
  return {
    id: "condition", title: "Condition numbers", draw: () => drawChart(place, dotChart(shown, "condition number")),
    content: [points.length > shown.length ? element("p", {}, `The ${shown.length} largest of ${points.length}.`) : null, place],
  };
}

// Named curves of a table, with a choice of panels where there are several.
function tableCurves({ id, title, text, table, rows, panel, series, x, y, pair, options }) {
  if (!hasCharts || rows.length === 0) return null;
  const panels = distinct(rows.map(panel)).map((name) => [name, name]);
  const names = distinct(rows.map(series));
  const looks = pair ? pairStyles(names.map((name) => pair(rows.find((r) => series(r) === name)))) : names.map((_, i) => seriesStyle(i));
  const styles = new Map(names.map((name, index) => [name, looks[index]]));
  const state = { panel: panels[0][0], hidden: new Set() };
  const [place, marks] = [element("div", { class: "chart" }), element("div")];
  function draw() {
    const points = rows.filter((r) => panel(r) === state.panel && !state.hidden.has(series(r))).flatMap((r) => {
      const [a, b] = [x(r), y(r)];
      const unshowable = a === null || b === null || (options.yLog !== false && !(b > 0)) || (options.xLog && !(a > 0));
      return unshowable ? [] : [styled({ x: a, y: b, series: series(r) }, styles.get(series(r)))];
    });
    drawChart(place, curveChart(points, options));
  }
  return {
    id: `${id}-${table.index}`, title: report.tables.filter((t) => t.kind === table.kind).length > 1 ? `${title}: ${table.name}` : title, draw,
    content: [
      text ? element("p", {}, text) : null,
      panels.length > 1 ? element("div", { class: "controls" }, selectControl("Matrix", panels, state.panel, (v) => { state.panel = v; draw(); })) : null,
      marks.appendChild(chips(names.map((key) => ({ key, title: key, style: styles.get(key) })), state.hidden, draw)) && marks,
      place,
    ],
  };
}

const codingTitle = (r) => [
  r.statistic, r.codebook, r.bits && `${r.bits} bits`, r.block && `block ${r.block}`, 
  r.rectify && (r.rectify === "1" ? "1 Björck step" : `${r.rectify} Björck steps`), r.contraction && `log2 τ ${r.contraction}`,
].filter((word) => word).join(", ");

function spectrumSection(table) {
  return tableCurves({
    id: "spectrum", title: "Spectra", text: "Singular values of each matrix and of what comes back from its storages.", table,
    rows: table.rows, panel: (r) => r.matrix, series: codingTitle, pair: (r) => `${r.statistic || "exact"}|exact`,
    x: (r) => numberOf(r.index) + 1, y: (r) => numberOf(r.singular_value),
    options: { x: "place, from the largest", y: "singular value", xLog: true, marks: false },
  });
}

function orthogonalitySection(table) {
  return tableCurves({
    id: "orthogonality", title: "Loss of orthogonality", table, rows: table.rows, panel: (r) => r.matrix,
    text: "Mean error of (V·Λ^s·Vᵀ)^(−1/s)·(V·Λ·Vᵀ) against I over the Björck steps on decoded eigenvectors.",
    series: (r) => `p = ${Number(r.exponent)}, ${r.codebook}, ${r.bits} bits, block ${r.block}`,
    x: (r) => numberOf(r.steps), y: (r) => numberOf(r.mean_error), options: { x: "Björck steps", y: "mean error", isWhole: true },
  });
}

const pairOf = (r) => `${r.statistic || "exact"}|${r.root || "exact"}`;

function recodeSection(table) {
  return tableCurves({
    id: "recode", title: "Error of statistics that are coded again and again", table, rows: table.rows, panel: (r) => r.matrix,
    pair: pairOf, series: (r) => [storageTitle(pairOf(r)), r.codebook, r.bits && `${r.bits} bits`, r.rounding,
      r.target_nre && `to NRE ${Number(r.target_nre)}`, numberOf(r.leak) > 0 && `leak ${Number(r.leak)}`].filter((w) => w).join(", "),
    x: (r) => numberOf(r.update), y: (r) => numberOf(r.nre),
    options: { x: "update", y: "NRE of the root", marks: false, isWhole: true },
  });
}

// The losses of all logs on one axis: they are to be compared.
function trainingSection(logs) {
  if (!hasCharts || logs.length === 0) return null;
  const measures = [
    ["loss", "training loss (smoothed)"], ["validation_loss", "validation loss"], ["validation_accuracy", "validation accuracy"],
    ["preconditioner_bytes", "bytes of preconditioners"], ["learning_rate", "learning rate"],
  ].filter(([column]) => logs.some((log) => log.rows.some((r) => numberOf(r[column]) !== null)));
  const axes = [["step", "step"], ["seconds", "seconds"]];
  const state = { measure: measures[0][0], axis: "step", hidden: new Set() };
  const runs = logs.flatMap((log) => {
    const schemes = groupedBy(log.rows, (r) => r.scheme ?? "");
    return [...schemes.entries()].map(([name, rows]) => ({
      title: [logs.length > 1 || !name ? log.name : "", name].filter((w) => w).join(": "), seeds: [...groupedBy(rows, (r) => r.seed ?? "").values()],
    }));
  });
  const entries = runs.map((run, index) => ({ key: run.title, title: run.title, style: seriesStyle(index) }));
  const place = element("div", { class: "chart" });
  function draw() {
    const points = runs.flatMap((run, index) => {
      if (state.hidden.has(run.title)) return [];
      const curves = run.seeds.map((rows) => {
        const values = rows.map((r) => [numberOf(r[state.axis]), numberOf(r[state.measure])]).filter(([x, y]) => x !== null && y !== null);
        return thinned(state.measure === "loss" ? smoothed(values) : values, 600);
      });
      return meanCurve(curves).map((point) => styled({ ...point, series: run.title }, seriesStyle(index)));
    });
    drawChart(place, curveChart(points, {
      isWhole: state.axis === "step", x: state.axis, y: Object.fromEntries(measures)[state.measure], yLog: false, marks: state.measure.startsWith("validation"),
    }));
  }
  return {
    id: "training", title: "Training", draw,
    content: [
      runs.some((run) => run.seeds.length > 1) ? element("p", {}, "Lines are means over seeds, bands go from the least to the largest.") : null,
      element("div", { class: "controls" },
        selectControl("Shown", measures, state.measure, (v) => { state.measure = v; draw(); }),
        selectControl("Over", axes, state.axis, (v) => { state.axis = v; draw(); })),
      chips(entries, state.hidden, draw), place,
    ],
  };
}

// The mean of the curves of several seeds at the places that all have, with the least and the largest; one curve as it is. Over
// seconds the seeds have no place in common, and the first stands for them.
function meanCurve(curves) {
  const byPlace = groupedBy(curves.flat(), ([x]) => x);
  const common = [...byPlace.entries()].filter(([, points]) => points.length === curves.length);
  if (curves.length === 1 || common.length === 0) return (curves[0] ?? []).map(([x, y]) => ({ x, y }));
  return common.map(([x, points]) => {
    const values = points.map(([, y]) => y);
    return { x, y: values.reduce((sum, y) => sum + y, 0) / values.length, low: Math.min(...values), high: Math.max(...values) };
  });
}

// Means over a window of a hundredth of the run, so that curves can be told apart.
function smoothed(values) {
  const half = Math.floor(values.length / 200);
  return values.map(([x], index) => {
    const window = values.slice(Math.max(0, index - half), index + half + 1);
    return [x, window.reduce((sum, [, y]) => sum + y, 0) / window.length];
  });
}

function thinned(values, most) {
  const stride = Math.ceil(values.length / most);
  return stride > 1 ? values.filter((_, index) => index % stride === 0 || index === values.length - 1) : values;
}
