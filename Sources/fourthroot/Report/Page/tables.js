// A table that sorts by a click on a header and filters by words or conditions.

const pageSize = 50;

// Columns are {name, title, isNumber, isShort, text(row), value(row), tip, cell(row, td)}; text and value default to row[name]. What
// is too long for a short column is cut, and whole where the pointer rests.
function dataTable(columns, rows, { filters = rows.length > 12, caption } = {}) {
  const state = { sort: null, descending: false, filter: "", shown: pageSize };
  const body = element("tbody");
  const count = element("span", { class: "quiet", "aria-live": "polite" });
  const more = element("button", { type: "button", onclick: () => { state.shown += 10 * pageSize; show(); } }, "Show more");
  const heads = columns.map((column) => element(
    "th", { scope: "col", class: column.isNumber ? "number" : null, title: column.tip },
    element("button", { type: "button", onclick: () => sortBy(column) }, column.title ?? column.name)));

  function sortBy(column) {
    if (state.sort === column) state.descending = !state.descending;
    else [state.sort, state.descending] = [column, false];
    show();
  }

  function show() {
    heads.forEach((head, index) => {
      const sorted = columns[index] === state.sort;
      head.setAttribute("aria-sort", sorted ? (state.descending ? "descending" : "ascending") : "none");
    });
    const accepts = rowFilter(state.filter, columns);
    const kept = rows.filter(accepts);
    if (state.sort) kept.sort(comparison(state.sort, state.descending));
    const shown = kept.slice(0, state.shown);
    body.replaceChildren(...shown.map((row) => element("tr", {}, columns.map((column) => cell(column, row)))));
    count.textContent = kept.length === rows.length
      ? `${rows.length} row${rows.length === 1 ? "" : "s"}${shown.length < kept.length ? `, ${shown.length} shown` : ""}`
      : `${kept.length} of ${rows.length} rows${shown.length < kept.length ? `, ${shown.length} shown` : ""}`;
    more.hidden = shown.length === kept.length;
  }

  const filter = element("input", {
    type: "search", placeholder: "Filter: words, bits=4, nre<0.05", "aria-label": "Filter rows", size: 30,
    oninput: () => { [state.filter, state.shown] = [filter.value, pageSize]; show(); },
  });
  const result = element(
    "div", {},
    filters ? element("div", { class: "controls" }, filter) : null,
    element("div", { class: "scroll" }, element(
      "table", {}, caption ? element("caption", { class: "quiet" }, caption) : null,
      element("thead", {}, element("tr", {}, heads)), body)),
    element("div", { class: "rows" }, count, more));
  show();
  return result;
}

function cellText(column, row) { return column.text ? column.text(row) : String(row[column.name] ?? ""); }

function cellValue(column, row) {
  if (column.value) return column.value(row);
  return column.isNumber ? numberOf(row[column.name]) : cellText(column, row);
}

function cell(column, row) {
  const result = element("td", { class: column.isNumber ? "number" : column.isShort ? "short" : null }, cellText(column, row));
  if (column.isShort) result.title = result.textContent;
  column.cell?.(row, result);
  return result;
}

// What is empty comes last in both directions.
function comparison(column, descending) {
  const collator = new Intl.Collator("en", { numeric: true });
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [cellValue(column, a), cellValue(column, b)];
    const [noX, noY] = [x === null || x === "", y === null || y === ""];
    if (noX || noY) return noX - noY;
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y)));
  };
}

// Every word must occur in a cell; a word like bits=4 or nre<0.05 is a condition on a column.
function rowFilter(text, columns) {
  const tests = text.trim().split(/\s+/).filter((word) => word !== "").map((word) => {
    const parts = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(word);
    const column = parts && columns.find((c) => [c.name, c.title].some((n) => n?.toLowerCase() === parts[1].toLowerCase()));
    if (column) return condition(column, parts[2], parts[3]);
    const wanted = word.toLowerCase();
    return (row) => columns.some((c) => cellText(c, row).toLowerCase().includes(wanted));
  });
  return (row) => tests.every((test) => test(row));
}

function condition(column, operator, text) {
  const limit = Number(text);
  return (row) => {
    const value = cellValue(column, row);
    if (typeof value !== "number") return operator === "=" && String(value ?? "").toLowerCase() === text.toLowerCase();
    if (operator === "<") return value < limit;
    if (operator === ">") return value > limit;
    if (operator === "<=") return value <= limit;
    return operator === ">=" ? value >= limit : value === limit;
  };
}
