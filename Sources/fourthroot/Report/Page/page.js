// The page: what the report holds, section after section.

const report = JSON.parse(document.getElementById("data").textContent);

for (const [index, table] of report.tables.entries()) {
  table.index = index;
  table.rows = table.rows.map((fields) => Object.fromEntries(table.columns.map((column, place) => [column, fields[place]])));
}

function studyOf(tables) {
  const cases = tables.flatMap((table) => table.rows.map(studyCase));
  return { cases, titles: matrixTitles(cases), caseTitles: caseTitles(cases) };
}

function head(study) {
  const facts = [];
  if (study.cases.length > 0) {
    const outcomes = groupedBy(study.cases, (c) => c.outcome);
    facts.push([study.titles.size, "matrices"], [study.cases.length, "cases"]);
    for (const [outcome, cases] of outcomes) if (outcome !== "ok") facts.push([cases.length, outcome.replaceAll("_", " ")]);
  }
  const logs = report.tables.filter((t) => t.kind === "log").length;
  if (logs > 0) facts.push([logs, logs === 1 ? "training log" : "training logs"]);
  document.getElementById("head").append(
    element("h1", {}, report.title),
    element("p", { class: "quiet" }, `${report.producer} · ${report.created.replace("T", " ").replace("Z", " UTC")}`),
    element("ul", { class: "facts" }, facts.map(([number, name]) => element("li", {}, element("b", {}, String(number)), name))),
    ...report.notes.map((note) => element("p", { class: "warning" }, note)));
}

function figuresSection() {
  if (report.figures.length === 0) return null;
  return {
    id: "figures", title: "Figures",
    content: report.figures.map((figure) => element("figure", { class: "figure" },
      element("img", { src: figure.image, alt: figure.title }), element("figcaption", { class: "quiet" }, figure.title))),
  };
}

function rowsSection() {
  const columnOf = (table) => (name, place) => {
    const isNumber = table.rows.slice(0, 200).every((r) => r[name] === "" || numberOf(r[name]) !== null)
      && table.rows.some((r) => r[name] !== "");
    return { name, isNumber, isShort: !isNumber, tip: tipOf(name, table), text: (r) => (isNumber && /\.\d{5}|e/.test(r[name]) ? digits(Number(r[name])) : r[name]),
      cell: (r, td) => { if (isNumber && td.textContent !== r[name]) td.title = r[name]; } };
  };
  const content = report.tables.map((table) => {
    // What is empty in every row says nothing here; the file has it.
    const filled = table.columns.filter((column) => table.rows.some((r) => r[column] !== ""));
    const details = element("details", { open: report.tables.length === 1 && table.rows.length < 200 },
      element("summary", {}, `${table.name}: ${table.rows.length} rows of ${filled.length} columns`));
    let isMade = false;
    const make = () => {
      if (isMade || !details.open) return;
      isMade = true;
      details.append(dataTable(filled.map(columnOf(table)), table.rows, { filters: true }));
    };
    details.addEventListener("toggle", make);
    make();
    return details;
  });
  return {
    id: "rows", title: "All rows",
    content: [element("p", {}, "A click on a header sorts; a filter takes words and conditions such as "
      + "bits=4 or nre<0.05. Numbers are shortened here; the whole one appears when the pointer rests on it."), ...content],
  };
}

function madeSection() {
  const files = report.tables.map((table) => ({ file: table.name, kind: table.kind, rows: table.rows.length, bytes: table.bytes, hash: table.hash }));
  return {
    id: "made", title: "How the numbers were made",
    content: [
      dataTable([{ name: "file" }, { name: "kind" }, { name: "rows", isNumber: true },
        { name: "bytes", isNumber: true }, { name: "hash", title: "XXH3 of the content" }], files),
      element("h3", {}, "Commands that make such rows (where axes multiply, others too)"), element("pre", {}, report.commands.join("\n")),
      element("h3", {}, "Versions"), element("pre", {}, report.versions),
    ],
  };
}

function build() {
  const ofKind = (kind) => report.tables.filter((t) => t.kind === kind);
  const study = studyOf(ofKind("study"));
  head(study);
  const hasStudy = study.cases.length > 0;
  const sections = [
    hasStudy ? studiedSection(study) : null,
    figuresSection(),
    ...(hasStudy ? [paretoSection, thresholdSection, stepsSection, contractionSection, conditionSection].map((make) => make(study)) : []),
    ...ofKind("spectrum").map(spectrumSection), ...ofKind("orthogonality").map(orthogonalitySection), ...ofKind("recode").map(recodeSection),
    trainingSection(ofKind("log")), rowsSection(), madeSection(),
  ].filter((section) => section);
  const main = document.getElementById("sections");
  const contents = document.getElementById("contents");
  for (const section of sections) {
    contents.append(element("a", { href: `#${section.id}` }, section.title));
    main.append(element("section", { id: section.id }, element("h2", {}, section.title), section.content));
    // In the page, so that charts know their width.
    section.draw?.();
  }
  document.documentElement.dataset.ready = "yes";
}

build();
