"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const PAGE = 50;
  const UNSEEN = 255;
  const REST = "everything else that was seen, and how common each is";
  const SVG = "http://www.w3.org/2000/svg";

  // What is packed: see reporting/page/packing.py.
  async function unpacked(text) {
    const raw = atob(text.trim());
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const buffer = await new Response(stream).arrayBuffer();
    const size = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
    const types = { Uint8: Uint8Array, Int8: Int8Array, Uint16: Uint16Array, Int16: Int16Array, Uint32: Uint32Array, Int32: Int32Array };
    const columns = {};
    for (const [name, [type, place, length]] of Object.entries(head.columns)) {
      columns[name] = new types[type](buffer, 4 + size + place, length);
    }
    return { rows: head.rows, columns, texts: head.texts };
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key in made && key !== "type") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }
  function shape(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  // A stranger's text is set as text, and turns nothing round it.
  const bdi = (text) => element("bdi", {}, text);

  if (!("DecompressionStream" in window)) return;
  const { rows, columns, texts } = await unpacked($("data").textContent);
  const kinds = texts.kinds, levels = texts.levels, customers = texts.customers;
  const lower = customers.map((name) => name.toLowerCase());
  const marks = [...$("marks").children];
  const [noun, plural] = texts.nouns;
  const unnamed = kinds.length - 1;
  const number = new Intl.NumberFormat("en");

  const starts = {};
  function begin(name) {
    if (!starts[name]) {
      const counts = columns[name + ".count"];
      const made = new Uint32Array(rows + 1);
      for (let i = 0; i < rows; i++) made[i + 1] = made[i] + counts[i];
      starts[name] = made;
    }
    return starts[name];
  }
  // Where the figures of each sentence begin: a pattern has as many as it has gaps.
  function figures(name) {
    const key = name + ".figures";
    if (!starts[key]) {
      const codes = columns[name];
      const gaps = texts[name].map((pattern) => pattern.split("\0").length - 1);
      const made = new Uint32Array(codes.length + 1);
      for (let i = 0; i < codes.length; i++) made[i + 1] = made[i] + gaps[codes[i]];
      starts[key] = made;
    }
    return starts[key];
  }
  function sentence(name, item) {
    const parts = texts[name][columns[name][item]].split("\0");
    let at = figures(name)[item];
    let made = parts[0];
    for (let i = 1; i < parts.length; i++) made += texts[name + ".figures"][columns[name + ".figures"][at++]] + parts[i];
    return made;
  }
  function items(list, row) {
    const from = begin(list)[row], made = [];
    for (let i = from; i < begin(list)[row + 1]; i++) made.push(i);
    return made;
  }
  const text = (name, row) => texts[name][columns[name][row]];

  function kind(place) {
    return element("span", { className: "kind" }, marks[place].cloneNode(true), element("span", {}, kinds[place]));
  }
  function certainty(row) {
    const place = columns.certainty[row];
    if (place >= levels.length - 1) return "";
    const dots = element("span", { className: "dots", "aria-hidden": "true" });
    for (let i = 0; i < levels.length - 1; i++) dots.append(element("i", { className: i < levels.length - 1 - place ? "on" : "" }));
    return element("span", { className: "level" }, dots, levels[place]);
  }

  // The list: which rows are shown, in which order.
  const body = $("list").tBodies[0];
  const state = { rows: null, page: 0, sort: "", down: false };
  // What the list is sorted by: small whole numbers, of which a count is quicker than a comparison.
  const keys = {
    kind: (i) => columns.kind[i],
    certainty: (i) => columns.certainty[i],
    confidence: (i) => columns.kind[i] === unnamed ? 100 : 100 - columns.confidence[i],
    status: (i) => columns.status[i],
    urgency: (i) => mostUrgent - columns.urgency[i],
  };
  const mostUrgent = columns.urgency.reduce((most, one) => Math.max(most, one), 0);
  const orders = {};
  function ordered(by) {
    if (!orders[by]) {
      const key = keys[by], made = new Uint32Array(rows), of = new Uint16Array(rows);
      const starts = new Uint32Array(65537);
      for (let i = 0; i < rows; i++) starts[(of[i] = key ? key(i) : 0) + 1]++;
      for (let k = 1; k < starts.length; k++) starts[k] += starts[k - 1];
      for (let i = 0; i < rows; i++) made[starts[of[i]]++] = i;
      orders[by] = made;
    }
    return orders[by];
  }
  function chosen() {
    const q = $("q").value.trim().toLowerCase();
    const ofKind = $("f-kind").value, ofLevel = $("f-level").value, ofStatus = $("f-status").value;
    const alarm = $("f-alarm").checked;
    const order = ordered(state.sort), found = new Uint32Array(rows);
    let n = 0;
    for (let j = 0; j < rows; j++) {
      const i = order[state.down ? rows - 1 - j : j];
      if (ofKind !== "" && columns.kind[i] !== +ofKind) continue;
      if (ofLevel !== "" && columns.certainty[i] !== +ofLevel) continue;
      if (ofStatus !== "" && text("status", i) !== ofStatus) continue;
      if (alarm && text("alarms", i) === "") continue;
      if (q !== "" && !lower[i].includes(q)) continue;
      found[n++] = i;
    }
    return found.subarray(0, n);
  }
  function opener(row) {
    const button = element("button", { type: "button", title: "Show this " + noun }, bdi(customers[row]));
    button.addEventListener("click", () => open(row, button));
    return button;
  }
  function line(row) {
    const named = element("td", {}, kind(columns.kind[row]));
    const because = text("because", row);
    if (because) named.append(element("br"), element("small", {}, because));
    const status = element("td", {}, text("status", row));
    for (const alarm of text("alarms", row).split("; ")) {
      if (alarm) status.append(element("br"), element("strong", { className: "alarm" }, alarm));
    }
    const why = element("td", { className: "wide" }, items("reasons", row).map((i) => sentence("reasons", i)).join("; "));
    const against = items("against", row).map((i) => sentence("against", i)).join("; ");
    if (against) why.append(element("br"), element("small", {}, "Against: " + against));
    return element("tr", {},
      element("th", { scope: "row" }, element("span", { className: "who" }, opener(row))),
      named,
      element("td", {}, certainty(row)),
      element("td", { className: "figure" }, columns.kind[row] === unnamed ? "" : columns.confidence[row] + "%"),
      status,
      element("td", {}, items("benefits", row).slice(0, 1).map((i) => text("benefits", i)).join()),
      why);
  }
  function show() {
    const from = state.page * PAGE, to = Math.min(from + PAGE, state.rows.length);
    body.replaceChildren(...Array.from(state.rows.subarray(from, to), line));
    const n = state.rows.length;
    $("found").textContent = n === 0 ? "No " + noun + " is like that."
      : number.format(n) + " " + (n === 1 ? noun : plural) + (n > PAGE ? ", " + number.format(from + 1) + " to " + number.format(to) + " shown" : "");
    $("page").textContent = "Page " + number.format(state.page + 1) + " of " + number.format(Math.max(1, Math.ceil(n / PAGE)));
    $("before").disabled = from === 0;
    $("after").disabled = to >= n;
    $("pages").hidden = n <= PAGE;
  }
  function update() {
    state.rows = chosen();
    state.page = 0;
    show();
  }

  // One customer.
  function table(className, caption, heads, lines, bare = false) {
    const head = element("tr");
    heads.forEach(([name, figure]) => head.append(element("th", { scope: "col", className: figure ? "figure" : "" }, name)));
    return element("table", { className }, element("caption", { className: "unseen" }, caption),
      element("thead", { className: bare ? "unseen" : "" }, head), element("tbody", {}, ...lines));
  }
  function bar(box, ...parts) {
    return shape("svg", { viewBox: box, preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
  }
  function probabilities(row) {
    const first = columns.likeliest[row], second = columns.next[row];
    let known = kinds.map((_, k) => k), of = (k) => columns["p." + k][row];
    if (columns.p) {
      const p = columns.p[row];
      known = first === second ? [first] : [first, second];
      of = (k) => k === first ? p : Math.round(p * Math.exp(-columns.odds[row] / +texts.scale[0]));
    }
    const order = known.sort((a, b) => of(b) - of(a) || a - b);
    return element("div", {}, element("h4", {}, columns.p ? "How probable the two likeliest are" : "How probable each kind is"),
      table("waterfall", "How probable each kind is", [["Kind"], ["Probability", true]], order.map((k) => {
        const p = of(k);
        return element("tr", {}, element("th", { scope: "row" }, kind(k), bar("0 0 100 10", shape("rect", { class: "total", x: 0, y: 1, width: p, height: 8 }))),
          element("td", { className: "figure" }, p + "%"));
      }), true));
  }
  function odds(log) {
    const ratio = Math.exp(Math.min(log, 20));
    return ratio >= 1000 ? "over 1,000 to 1" : (ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)) + " to 1";
  }
  function waterfall(row) {
    const first = columns.likeliest[row], second = columns.next[row];
    if (first === second || !columns["reasons.adds"] || !columns["against.adds"]) return "";
    const scale = +texts.scale[0], total = columns.odds[row], digits = scale === 100 ? 2 : 1;
    const parts = [];
    for (const list of ["reasons", "against"]) {
      for (const i of items(list, row)) parts.push([sentence(list, i), columns[list + ".adds"][i]]);
    }
    parts.push([REST, total - parts.reduce((sum, part) => sum + part[1], 0)]);
    const sums = [0];
    for (const part of parts) sums.push(sums[sums.length - 1] + part[1]);
    const low = Math.min(...sums), wide = Math.max(...sums, 1) - low;
    const figure = (n) => (n < 0 ? "−" : "+") + (Math.abs(n) / scale).toFixed(digits);
    const line = (name, begin, end, className) => {
      const left = (Math.min(begin, end) - low) / wide * 100, width = Math.max(Math.abs(end - begin) / wide * 100, 0.6);
      const zero = -low / wide * 100;
      return element("tr", {}, element("th", { scope: "row" }, name,
        bar("0 0 100 10", shape("rect", { class: className, x: left, y: 1, width, height: 8 }), shape("path", { class: "zero", d: "M" + zero + " 0V10" }))),
        element("td", { className: "figure" }, figure(end - begin)));
    };
    const made = table("waterfall", "What each fact adds to the log-odds", [["What was seen"], ["Adds", true]],
      parts.map(([name, amount], i) => line(name, sums[i], sums[i + 1], amount >= 0 ? "pro" : "contra")), true);
    made.append(element("tfoot", {}, line("in all", 0, total, "total")));
    return element("div", { className: "why" }, element("h4", {}, "Why " + kinds[first] + " rather than " + kinds[second] + ": " + odds(total / scale)),
      element("p", { className: "quiet" }, "What each fact adds to the log-odds; +0.7 doubles the odds."), made);
  }
  function facts(row) {
    const lines = [];
    (texts.facts || []).forEach((name, i) => {
      const value = text("f." + i, row);
      if (value !== "–" && value !== "0") lines.push(element("tr", {}, element("th", { scope: "row" }, name), element("td", { className: "figure" }, value)));
    });
    return lines.length ? element("div", {}, element("h4", {}, "What was counted"), table("", "What was counted", [["Fact"], ["Value", true]], lines)) : "";
  }
  function readings(row) {
    const lines = texts.dimensions.map((name, k) => {
      const d = columns["d." + k][row];
      const seen = d !== UNSEEN;
      const strip = seen
        ? bar("0 0 100 10", shape("path", { class: "track", d: "M0 5H100" }), shape("path", { class: "track", d: "M50 2V8" }), shape("rect", { class: "pro", x: Math.min(Math.max(d - 1, 0), 98), y: 1, width: 2, height: 8 }))
        : element("span", { className: "quiet" }, "not seen");
      return element("tr", {}, element("th", { scope: "row" }, name),
        element("td", { className: "pole" }, texts.low[k]), element("td", {}, strip), element("td", { className: "pole" }, texts.high[k]),
        element("td", { className: "figure" }, seen ? String(d) : "–"),
        element("td", { className: "figure" }, seen ? columns["e." + k][row] + "%" : "–"));
    });
    return element("div", {}, element("h4", {}, "Where they lie"),
      element("div", { className: "scroll", role: "region", tabIndex: 0, "aria-label": "Readings" },
        table("readings", "Readings from 0 to 100", [["Side"], ["0 is"], ["Reading"], ["100 is"], ["Value", true], ["Seen", true]], lines)));
  }
  function cultivate(row) {
    const made = element("ul");
    for (const i of items("benefits", row)) made.append(element("li", {}, element("strong", {}, text("benefits", i)), ": " + sentence("benefits.because", i)));
    return made.childElementCount ? element("div", {}, element("h4", {}, "What to cultivate"), made) : "";
  }
  function course(row) {
    if (!texts.lanes) return "";
    const lanes = texts.lanes, edges = texts.edges, periods = edges.length - 1;
    const from = row * lanes.length * periods;
    const all = lanes.map((name, l) => ({ name, counts: columns.timeline.subarray(from + l * periods, from + (l + 1) * periods) }));
    const some = all.map((lane) => ({ ...lane, total: lane.counts.reduce((a, b) => a + b, 0) })).filter((lane) => lane.total);
    if (!some.length) return "";
    const lines = some.map((lane) => {
      const most = Math.max(...lane.counts), busiest = lane.counts.indexOf(most);
      const strip = shape("svg", { viewBox: "0 0 " + periods + " 10", preserveAspectRatio: "none", role: "img",
        "aria-label": lane.name + ": " + lane.total + " in all, most from " + edges[busiest] + " to " + edges[busiest + 1] + " (" + most + ")" },
        shape("path", { class: "base", d: "M0 10H" + periods }));
      lane.counts.forEach((n, i) => {
        if (n) strip.append(shape("rect", { x: i + 0.1, y: 10 - 10 * n / most, width: 0.8, height: 10 * n / most }));
      });
      return element("tr", {}, element("th", { scope: "row" }, lane.name), element("td", { className: "strip" }, strip), element("td", { className: "figure" }, String(lane.total)));
    });
    const counted = edges.slice(0, -1).map((edge, i) => element("tr", {}, element("th", { scope: "row" }, edge),
      ...some.map((lane) => element("td", { className: "figure" }, String(lane.counts[i])))));
    return element("div", { className: "course" }, element("h4", {}, "What happened when"),
      table("lanes", "How often what happened", [["Sort"], ["Course"], ["In all", true]], lines, true),
      element("p", { className: "ends" }, element("span", {}, edges[0]), element("span", {}, edges[periods])),
      element("details", {}, element("summary", {}, "As a table"),
        element("div", { className: "scroll", role: "region", tabIndex: 0, "aria-label": "What happened when, as a table" },
          table("", "How often what happened", [["From"], ...some.map((lane) => [lane.name, true])], counted))));
  }
  let opened = null;
  function open(row, button) {
    opened = button || null;
    const one = $("one"), place = columns.kind[row];
    const close = element("button", { type: "button" }, "Close");
    close.addEventListener("click", () => {
      one.hidden = true;
      if (opened && opened.isConnected) opened.focus();
      else $("q").focus();
    });
    const line = element("p", { className: "name" }, kind(place), certainty(row));
    if (place !== unnamed) line.append(element("span", {}, columns.confidence[row] + "% probable"));
    if (text("because", row)) line.append(element("span", {}, text("because", row)));
    if (text("status", row)) line.append(element("span", { className: "status" }, text("status", row)));
    for (const alarm of text("alarms", row).split("; ")) if (alarm) line.append(element("strong", { className: "alarm" }, alarm));
    one.className = place === unnamed ? "" : "k" + place % 8;
    one.replaceChildren(element("header", {}, element("h3", {}, bdi(customers[row])), close), line,
      element("div", { className: "columns" },
        element("div", {}, waterfall(row), cultivate(row), probabilities(row)),
        element("div", {}, course(row), facts(row))),
      readings(row));
    one.hidden = false;
    one.focus({ preventScroll: true });
    one.scrollIntoView({ block: "start" });
  }

  for (const head of $("list").tHead.rows[0].cells) {
    const by = head.dataset.sort;
    if (!by) continue;
    const button = element("button", { type: "button" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      state.down = state.sort === by && !state.down;
      state.sort = by;
      for (const other of $("list").tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      update();
    });
  }
  for (const place of document.querySelectorAll(".who[data-row]")) place.replaceChildren(opener(+place.dataset.row));
  $("search").addEventListener("input", update);
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.rows.length) open(state.rows[0], null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("one").hidden) $("one").querySelector("button").click();
  });
  $("before").addEventListener("click", () => { state.page -= 1; show(); $("list").scrollIntoView({ block: "start" }); });
  $("after").addEventListener("click", () => { state.page += 1; show(); $("list").scrollIntoView({ block: "start" }); });
  $("search").hidden = false;
  update();
  document.documentElement.dataset.ready = "yes";
  // What the first click would wait for, while nobody does.
  const later = [...Object.keys(keys).map((by) => () => ordered(by)), () => figures("against"), () => figures("benefits.because")];
  (function next() {
    if (!later.length) return;
    later.shift()();
    setTimeout(next);
  })();
})();
