// The rows of all studies of this report as cases: what they are, what they cost, and how far they are off.

const caseColumns = [
  "codebook", "bits", "block", "root_codebook", "root_bits", "root_block", "rectify", "solver", "damping", "exponent",
  "reflector_loop", "target_nre", "target_bits_per_entry", "leak", "arithmetic", "decomposition", "reference",
];

// A case of a matrix. Its cost is of what it codes: of one matrix where the other side is exact, else the mean of both.
function studyCase(row) {
  const [statistic, root] = [row.statistic || "exact", row.root || "exact"];
  const order = numberOf(row.order);
  const bytes = [numberOf(row.statistic_bytes) ?? 0, numberOf(row.root_bytes) ?? 0];
  const coded = statistic !== "exact" ? (root !== "exact" ? "both" : "statistic") : root !== "exact" ? "root" : "none";
  const codedBytes = coded === "statistic" ? bytes[0] : coded === "root" ? bytes[1] : (bytes[0] + bytes[1]) / 2;
  return {
    row, coded, order, statistic, root, storage: `${statistic}|${root}`, matrix: `${row.source}\u0000${row.matrix}`,
    source: row.source, name: row.matrix, bytes: bytes[0] + bytes[1], bits: 8 * codedBytes / (order * order),
    nre: numberOf(row.nre), angle: numberOf(row.angle_degrees), outcome: row.outcome, condition: numberOf(row.condition_number),
    contraction: numberOf(row.contraction), step: numberOf(row.step), parameter: row.parameter, side: row.side,
    key: [statistic, root, ...caseColumns.map((column) => row[column] ?? "")].join("\u0000"),
  };
}

function storageTitle(storage) {
  const [statistic, root] = storage.split("|");
  if (root === "exact") return statistic === "exact" ? "exact" : `statistic ${statistic}`;
  return statistic === "exact" ? `root ${root}` : `${statistic} + ${root}`;
}

// A title of each case: its storages, and the settings in which cases of this report differ.
function caseTitles(cases) {
  const varying = caseColumns.filter((column) => {
    if (column.startsWith("root_")) {
      return cases.some((c) => c.row[column] && c.row[column] !== c.row[column.slice("root_".length)]);
    }
    return distinct(cases.map((c) => c.row[column]).filter((value) => value)).length > 1;
  });
  const words = {
    bits: (v) => `${v} bits`, block: (v) => `block ${v}`, root_codebook: (v) => `root's ${v}`, root_bits: (v) => `root's ${v} bits`,
    root_block: (v) => `root's block ${v}`, rectify: (v) => (v === "1" ? "1 Björck step" : `${v} Björck steps`),
    solver: (v) => `${v} solver`, damping: (v) => `damping ${Number(v)}`, exponent: (v) => `p = ${Number(v)}`,
    reflector_loop: (v) => `${v} loop`, target_nre: (v) => `to NRE ${Number(v)}`,
    target_bits_per_entry: (v) => `to ${Number(v)} bits an entry`, leak: (v) => `leak ${Number(v)}`,
    decomposition: (v) => `${v} eigenvectors`, reference: (v) => `against ${v}`,
  };
  const titles = new Map();
  for (const one of cases) {
    if (titles.has(one.key)) continue;
    const settings = varying.filter((column) => {
      if (!column.startsWith("root_")) return one.row[column];
      return one.row[column] && one.row[column] !== one.row[column.slice("root_".length)];
    }).map((column) => (words[column] ?? ((v) => v))(one.row[column]));
    titles.set(one.key, [storageTitle(one.storage), ...settings].join(", "));
  }
  return titles;
}

// Short names of matrices: without the parts of the path that all of them share.
function matrixTitles(cases) {
  const byMatrix = groupedBy(cases, (c) => c.matrix);
  const paths = [...byMatrix.values()].map(([c]) => c.name.split("/"));
  const sources = distinct(cases.map((c) => c.source));
  let [front, back] = [0, 0];
  if (paths.length > 1) {
    const shortest = Math.min(...paths.map((p) => p.length));
    while (front < shortest - 1 && paths.every((p) => p[front] === paths[0][front])) front += 1;
    while (back < shortest - 1 - front && paths.every((p) => p.at(-1 - back) === paths[0].at(-1 - back))) back += 1;
  }
  const titles = new Map();
  for (const [matrix, [first]] of byMatrix) {
    const parts = first.name.split("/");
    const short = parts.slice(front, parts.length - back).join("/") || first.name;
    titles.set(matrix, sources.length > 1 ? `${first.source}: ${short}` : short);
  }
  return titles;
}

// The geometric mean over the matrices of each case that has an error for every one of them.
function meanCases(cases) {
  const count = distinct(cases.map((c) => c.matrix)).length;
  return [...groupedBy(cases, (c) => c.key).values()].flatMap((group) => {
    const errors = group.filter((c) => c.nre > 0);
    if (errors.length !== group.length || distinct(group.map((c) => c.matrix)).length !== count) return [];
    return [{
      ...group[0], count, nre: Math.exp(errors.reduce((sum, c) => sum + Math.log(c.nre), 0) / errors.length),
      bits: group.reduce((sum, c) => sum + c.bits, 0) / group.length,
      bytes: group.reduce((sum, c) => sum + c.bytes, 0),
    }];
  });
}

// The cases that no other beats: each has a smaller error than all that cost as little.
function paretoFront(cases, cost = (c) => c.bits) {
  let least = Infinity;
  return cases.filter((c) => c.nre > 0).sort((a, b) => cost(a) - cost(b) || a.nre - b.nre).filter((c) => {
    if (c.nre >= least) return false;
    least = c.nre;
    return true;
  });
}

const codedTitles = {
  both: "statistic and root", statistic: "the statistic (root exact)", root: "the root (statistic exact)",
};
