"use strict";
// Draws the timelines of the report and ties them to its tables and its graph. No library, no network.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const GUTTER = 76, LANE = 24, LANE_GAP = 5, WARPS = 84, AXIS = 20, PAD = 6;
  const DARK_INK = new Set(["#e69f00", "#cc79a7", "#56b4e9", "#f0e442", "#7cc5ef", "#14b083", "#a2a9b3"]);
  const tip = document.getElementById("tip");
  const whole = Math.max(1, ...data.timelines.map((timeline) => timeline.duration));
  const peak = Math.max(1, ...data.timelines.map(peakWarps));
  const view = { start: 0, end: whole };
  const lit = { hover: null, pinned: null };
  let theme = readTheme();

  // ---- numbers -------------------------------------------------------------------------------------------------

  function readTheme() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    return {
      text: value("--text"), muted: value("--muted"), line: value("--hairline"), accent: value("--accent"),
      background: value("--background"), selection: value("--selection"),
      streams: data.colours.map((_, i) => value(`--s${i}`)),
    };
  }

  function colour(stream) { return theme.streams[stream % theme.streams.length]; }

  function totals(warps) {
    const steps = Math.max(warps.edges.length - 1, 0), sum = new Float64Array(steps);
    for (const row of warps.values) for (let i = 0; i < steps; i++) sum[i] += row[i];
    return sum;
  }

  function peakWarps(timeline) { return totals(timeline.warps).reduce((most, value) => Math.max(most, value), 0); }

  function lowerBound(sorted, value) {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  }

  function microseconds(ns, digits) {
    return (ns / 1000).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  function tickStep(range, count) {
    const rough = range / count, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  }

  // ---- one timeline --------------------------------------------------------------------------------------------

  class Chart {
    constructor(canvas, timeline) {
      this.canvas = canvas;
      this.timeline = timeline;
      this.lanes = [];
      for (let i = 0; i < timeline.streams; i++) this.lanes.push([]);
      timeline.spans.stream.forEach((stream, i) => this.lanes[stream].push(i));
      this.ends = this.lanes.map((lane) => {  // running maximum: spans of a stream may overlap at launch boundaries
        let most = 0;
        return lane.map((i) => (most = Math.max(most, timeline.spans.end[i])));
      });
      this.lanesHeight = timeline.streams * (LANE + LANE_GAP);
      this.height = this.lanesHeight + PAD + WARPS + AXIS;
      this.drag = null;
      this.listen();
    }

    get width() { return this.canvas.clientWidth - GUTTER - 1; }
    x(ns) { return GUTTER + ((ns - view.start) / (view.end - view.start)) * this.width; }
    time(x) { return view.start + ((x - GUTTER) / this.width) * (view.end - view.start); }

    draw() {
      const ratio = window.devicePixelRatio || 1, wide = this.canvas.clientWidth;
      this.canvas.style.height = `${this.height}px`;
      this.canvas.width = Math.round(wide * ratio);
      this.canvas.height = Math.round(this.height * ratio);
      const pen = this.canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, wide, this.height);
      pen.font = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
      pen.textBaseline = "middle";
      this.drawGrid(pen, wide);
      pen.save();
      pen.beginPath();
      pen.rect(GUTTER, 0, wide - GUTTER, this.height);
      pen.clip();
      this.drawSpans(pen);
      this.drawWarps(pen);
      this.drawSaved(pen);
      this.drawDrag(pen);
      pen.restore();
    }

    drawGrid(pen, wide) {
      const bottom = this.height - AXIS, step = tickStep((view.end - view.start) / 1000, Math.max(wide / 110, 2)) * 1000;
      const digits = Math.max(0, Math.min(3, -Math.floor(Math.log10(step / 1000))));
      pen.textAlign = "center";
      for (let t = Math.ceil(view.start / step) * step; t <= view.end + 0.5; t += step) {
        const x = Math.round(this.x(t)) + 0.5;
        pen.fillStyle = theme.line;
        pen.globalAlpha = 0.6;
        pen.fillRect(x - 0.5, 0, 1, bottom);
        pen.globalAlpha = 1;
        pen.fillStyle = theme.muted;
        const label = microseconds(t, digits);
        pen.fillText(label, Math.min(x, wide - pen.measureText(label).width / 2 - 1), this.height - AXIS / 2 + 2);
      }
      pen.textAlign = "right";
      pen.fillStyle = theme.muted;
      for (let lane = 0; lane < this.timeline.streams; lane++) {
        pen.fillText(`stream ${lane}`, GUTTER - 10, lane * (LANE + LANE_GAP) + LANE / 2 + 1);
      }
      const top = this.lanesHeight + PAD;
      pen.fillText("warps", GUTTER - 10, bottom - 7);
      pen.fillText(Math.round(peak).toLocaleString("en-US"), GUTTER - 10, top + 7);
      pen.fillStyle = theme.line;
      pen.fillRect(GUTTER, bottom, wide - GUTTER, 1);
      pen.fillRect(GUTTER, top - PAD / 2, wide - GUTTER, 1);
    }

    drawSpans(pen) {
      const spans = this.timeline.spans, some = lit.pinned || lit.hover;
      this.lanes.forEach((lane, stream) => {
        const y = stream * (LANE + LANE_GAP) + 1;
        let last = -1;
        for (let k = lowerBound(this.ends[stream], view.start); k < lane.length; k++) {
          const i = lane[k];
          if (spans.start[i] > view.end) break;
          const left = this.x(spans.start[i]), right = this.x(spans.end[i]);
          const isLit = some && this.isLit(i, some);
          if (right - left < 0.7 && Math.floor(left) === last && !isLit) continue;  // below a pixel: one is enough
          last = Math.floor(left);
          const wide = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
          pen.globalAlpha = some && !isLit ? 0.3 : 1;
          pen.fillStyle = colour(stream);
          pen.fillRect(left, y, wide, LANE);
          if (isLit) {
            pen.strokeStyle = theme.text;
            pen.lineWidth = 2;
            pen.strokeRect(left + 1, y + 1, Math.max(wide - 2, 1), LANE - 2);
          }
          if (wide > 26) this.drawName(pen, i, left, wide, y, colour(stream));
        }
      });
      pen.globalAlpha = 1;
    }

    drawName(pen, i, left, wide, y, fill) {
      const from = Math.max(left, GUTTER), room = Math.min(left + wide, this.canvas.clientWidth) - from - 8;
      const per = 6.1, launch = this.timeline.spans.launch[i];
      let text = this.label(launch);
      if (text.length * per > room) text = this.shortLabel(launch);
      if (text.length * per > room) {
        const letters = Math.floor(room / per);
        if (letters < 6) return;
        text = `…${text.slice(1 - letters)}`;
      }
      pen.textAlign = "center";
      pen.fillStyle = DARK_INK.has(fill) ? "#14171a" : "#ffffff";
      pen.fillText(text, from + 4 + room / 2, y + LANE / 2 + 0.5);
    }

    label(launch) {
      return this.timeline.launches[launch].operators.map((op) => data.operators[op].place).join(" & ");
    }

    // The last part of the place: "branch7x7_1" of "Mixed_6b.branch7x7_1".
    shortLabel(launch) {
      return this.timeline.launches[launch].operators.map((op) => data.operators[op].place.split(/[./]/).pop()).join(" & ");
    }

    isLit(i, some) { return this.timeline.launches[this.timeline.spans.launch[i]].operators.some((op) => some.has(op)); }

    drawWarps(pen) {
      const { edges, values, streams } = this.timeline.warps;
      if (edges.length < 2) return;
      const bottom = this.height - AXIS, scale = (WARPS - 4) / peak;
      const first = Math.max(lowerBound(edges, view.start) - 1, 0);
      const last = Math.min(lowerBound(edges, view.end), edges.length - 1);
      const columns = last - first > 3 * this.width ? this.columns(first, last) : null;
      const xs = columns ? columns.xs : edges.slice(first, last + 1).map((edge) => this.x(edge));
      const base = new Float64Array(xs.length - 1);
      values.forEach((row, s) => {
        const heights = columns ? columns.rows[s] : row.slice(first, last);
        pen.fillStyle = colour(streams[s]);
        pen.beginPath();
        for (let i = 0; i < heights.length; i++) {
          if (heights[i] > 0) {
            const y = bottom - (base[i] + heights[i]) * scale;
            pen.rect(xs[i], y, Math.max(xs[i + 1] - xs[i], 0.5), heights[i] * scale);
          }
          base[i] += heights[i];
        }
        pen.fill();
      });
    }

    // What the shorter timeline leaves free is the answer to "is it faster": it says so.
    drawSaved(pen) {
      const saved = whole - this.timeline.duration, from = this.x(this.timeline.duration), to = this.x(whole);
      const label = `${microseconds(saved, 1)} µs less`, right = Math.min(to, GUTTER + this.width);
      const left = Math.max(from, GUTTER), y = this.lanesHeight / 2;
      if (saved < 0.01 * whole || right - left < pen.measureText(label).width + 48) return;
      const half = pen.measureText(label).width / 2 + 8, middle = (left + right) / 2;
      pen.fillStyle = theme.muted;
      pen.textAlign = "center";
      pen.fillText(label, middle, y);
      pen.fillRect(left + 3, y, middle - half - left - 3, 1);
      pen.fillRect(middle + half, y, right - middle - half - 1, 1);
      if (from >= GUTTER) pen.fillRect(from + 2, y - 5, 1, 11);
      if (to <= GUTTER + this.width + 1) pen.fillRect(to - 1, y - 5, 1, 11);
    }

    // More steps than pixels: the mean over each pixel, so that areas stay true.
    columns(first, last) {
      const { edges, values } = this.timeline.warps, count = Math.ceil(this.width);
      const xs = Array.from({ length: count + 1 }, (_, i) => GUTTER + (i * this.width) / count);
      const rows = values.map((row) => {
        const sums = new Float64Array(count);
        for (let i = first; i < last; i++) {
          let left = (this.x(edges[i]) - GUTTER) * (count / this.width);
          const right = Math.min((this.x(edges[i + 1]) - GUTTER) * (count / this.width), count);
          for (left = Math.max(left, 0); left < right; ) {
            const column = Math.floor(left), end = Math.min(column + 1, right);
            sums[column] += row[i] * (end - left);
            left = end;
          }
        }
        return sums;
      });
      return { xs, rows };
    }

    drawDrag(pen) {
      if (!this.drag || !this.drag.moved) return;
      pen.fillStyle = theme.accent;
      pen.globalAlpha = 0.18;
      pen.fillRect(Math.min(this.drag.from, this.drag.to), 0, Math.abs(this.drag.to - this.drag.from), this.height - AXIS);
      pen.globalAlpha = 1;
    }

    spanAt(x, y) {
      const stream = Math.floor(y / (LANE + LANE_GAP));
      if (stream < 0 || stream >= this.timeline.streams || x < GUTTER) return -1;
      const spans = this.timeline.spans, slack = ((view.end - view.start) / this.width) * 1.5, time = this.time(x);
      const lane = this.lanes[stream];
      for (let k = lowerBound(this.ends[stream], time - slack); k < lane.length; k++) {
        const i = lane[k];
        if (spans.start[i] > time + slack) return -1;
        if (spans.end[i] >= time - slack) return i;
      }
      return -1;
    }

    listen() {
      const canvas = this.canvas;
      const position = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
      canvas.addEventListener("pointerdown", (event) => {
        const [x] = position(event);
        if (event.button !== 0 || x < GUTTER) return;
        this.drag = { from: x, to: x, moved: false };
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const [x, y] = position(event);
        if (this.drag) {
          this.drag.to = Math.max(GUTTER, Math.min(x, GUTTER + this.width));
          this.drag.moved ||= Math.abs(this.drag.to - this.drag.from) > 4;
          if (this.drag.moved) { hideTip(); this.draw(); return; }
        }
        this.hover(event, x, y);
      });
      canvas.addEventListener("pointerup", (event) => {
        const [x, y] = position(event), drag = this.drag;
        this.drag = null;
        if (drag && drag.moved) zoomTo(this.time(Math.min(drag.from, drag.to)), this.time(Math.max(drag.from, drag.to)));
        else if (drag) pin(this.operatorsAt(x, y));
      });
      canvas.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
      canvas.addEventListener("pointerleave", () => { hideTip(); light(null); });
      canvas.addEventListener("dblclick", () => zoomTo(0, whole));
      canvas.addEventListener("wheel", (event) => {
        const range = view.end - view.start;
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          zoomAround(this.time(position(event)[0]), Math.exp(event.deltaY * 0.002));
        } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          move(((event.deltaX || event.deltaY) / this.width) * range);
        }
      }, { passive: false });
      canvas.addEventListener("keydown", (event) => {
        const range = view.end - view.start, middle = (view.start + view.end) / 2;
        const keys = {
          ArrowLeft: () => move(-range / 8), ArrowRight: () => move(range / 8), 0: () => zoomTo(0, whole),
          "+": () => zoomAround(middle, 0.7), "=": () => zoomAround(middle, 0.7), "-": () => zoomAround(middle, 1.4),
        };
        if (keys[event.key] && !event.ctrlKey && !event.metaKey) { keys[event.key](); event.preventDefault(); }
      });
    }

    operatorsAt(x, y) {
      const i = this.spanAt(x, y);
      return i < 0 ? null : new Set(this.timeline.launches[this.timeline.spans.launch[i]].operators);
    }

    hover(event, x, y) {
      const i = this.spanAt(x, y);
      light(this.operatorsAt(x, y));
      if (i >= 0) return showTip(event, this.label(this.timeline.spans.launch[i]), this.facts(i));
      if (y > this.lanesHeight && x > GUTTER) return this.hoverWarps(event, x);
      return hideTip();
    }

    facts(i) {
      const { spans, kernels, launches } = this.timeline, launch = launches[spans.launch[i]];
      const triple = (values) => values.slice(3 * i, 3 * i + 3).join(" × ");
      return [
        ["computes", launch.operators.map((op) => data.operators[op].title).join(" & ")],
        ["kernel", kernels[spans.kernel[i]]],
        ["time", `${microseconds(spans.start[i], 2)} to ${microseconds(spans.end[i], 2)} µs`],
        ["duration", `${microseconds(spans.end[i] - spans.start[i], 2)} µs, ${data.basis}`],
        ["runs in", `stream ${spans.stream[i]}` + (launch.stage >= 0 ? `, stage ${launch.stage + 1}` : "")],
        ["grid", triple(spans.grid)],
        ["block", `${triple(spans.block)}, ${spans.registers[i]} registers, ${(spans.shared[i] / 1024).toFixed(1)} KiB shared`],
      ];
    }

    hoverWarps(event, x) {
      const { edges, values, streams } = this.timeline.warps, time = this.time(x);
      const step = lowerBound(edges, time + 1e-9) - 1;
      if (step < 0 || step >= edges.length - 1) return hideTip();
      const rows = values.map((row, s) => [`stream ${streams[s]}`, Math.round(row[step]).toLocaleString("en-US")]).filter((row) => row[1] !== "0");
      const sum = values.reduce((total, row) => total + row[step], 0);
      const part = ((100 * sum) / Math.max(this.timeline.maxWarps, 1)).toFixed(1);
      return showTip(event, `${Math.round(sum).toLocaleString("en-US")} active warps (${part}% of the device)`, [["at", `${microseconds(time, 2)} µs`], ...rows]);
    }
  }

  // ---- zoom ----------------------------------------------------------------------------------------------------

  function zoomTo(start, end) {
    const range = Math.min(Math.max(end - start, 50), whole);
    view.start = Math.min(Math.max(start, 0), whole - range);
    view.end = view.start + range;
    redraw();
  }

  function zoomAround(time, factor) { zoomTo(time - (time - view.start) * factor, time + (view.end - time) * factor); }

  function move(ns) {
    const range = view.end - view.start, start = Math.min(Math.max(view.start + ns, 0), whole - range);
    zoomTo(start, start + range);
  }

  let pending = 0;
  function redraw() {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => charts.forEach((chart) => chart.draw()));
  }

  // ---- tooltip, highlight --------------------------------------------------------------------------------------

  function showTip(event, heading, rows) {
    const title = document.createElement("b"), table = document.createElement("table");
    title.textContent = heading;
    for (const row of rows) {
      const line = table.insertRow();
      for (const text of row) line.insertCell().textContent = text;
    }
    tip.replaceChildren(title, table);
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), gap = 14;
    const left = event.clientX + gap + box.width > innerWidth ? event.clientX - gap - box.width : event.clientX + gap;
    const top = event.clientY + gap + box.height > innerHeight ? event.clientY - gap - box.height : event.clientY + gap;
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${Math.max(top, 4)}px`;
  }

  function hideTip() { tip.hidden = true; }

  function same(a, b) { return a === b || (a && b && a.size === b.size && [...a].every((op) => b.has(op))); }

  function light(operators) {
    if (same(lit.hover, operators)) return;
    lit.hover = operators;
    if (!lit.pinned) redraw();
  }

  const rows = [...document.querySelectorAll("[data-ops]")].map((row) => [row, row.dataset.ops.split(" ").filter(Boolean).map(Number)]);
  const nodes = [...document.querySelectorAll("#dag .node")];
  const edges = [...document.querySelectorAll("#dag .edge")];

  function pin(operators, source) {
    lit.pinned = same(lit.pinned, operators) ? null : operators;
    const some = lit.pinned || new Set();
    for (const [row, ops] of rows) row.classList.toggle("lit", ops.length > 0 && ops.every((op) => some.has(op)));
    nodes.forEach((node) => node.classList.toggle("lit", some.has(Number(node.dataset.op))));
    edges.forEach((edge) => edge.classList.toggle("lit", some.has(Number(edge.dataset.from)) || some.has(Number(edge.dataset.to))));
    if (lit.pinned) reveal(source);
    redraw();
  }

  // Scrolls the boxes (not the page) so that what is pinned can be seen in each of them.
  function reveal(source) {
    for (const selector of ["#dag .node.lit", "#operators tr.lit", "#stages tr.lit"]) {
      const found = document.querySelector(selector), box = found && found.closest(".dag-view, .scroll");
      if (!found || found === source || found.parentElement === source) continue;
      const inner = found.getBoundingClientRect(), outer = box.getBoundingClientRect();
      if (inner.top < outer.top + 30 || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 2;
      if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - outer.width / 2;
    }
  }

  for (const [row, ops] of rows) {
    row.addEventListener("click", () => pin(new Set(ops), row));
    row.addEventListener("pointerenter", () => light(new Set(ops)));
    row.addEventListener("pointerleave", () => light(null));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") pin(new Set(ops), row); });
  }
  for (const node of nodes) {
    const ops = [Number(node.dataset.op)];
    node.addEventListener("click", () => pin(new Set(ops), node));
    node.addEventListener("pointerenter", () => light(new Set(ops)));
    node.addEventListener("pointerleave", () => light(null));
    node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { pin(new Set(ops), node); event.preventDefault(); } });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape" && lit.pinned) pin(lit.pinned); });

  // ---- tables --------------------------------------------------------------------------------------------------

  function sortBy(table, column, descending) {
    const key = (row) => { const cell = row.cells[column]; return cell.dataset.key ?? cell.textContent; };
    const sorted = [...table.tBodies[0].rows].sort((a, b) => {
      const left = key(a), right = key(b), difference = Number(left) - Number(right);
      const order = Number.isNaN(difference) ? left.localeCompare(right, "en", { numeric: true }) : difference;
      return descending ? -order : order;
    });
    table.tBodies[0].append(...sorted);
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.tabIndex = 0;
      const sort = () => {
        const numeric = head.classList.contains("number"), before = head.getAttribute("aria-sort");
        const descending = before ? before === "ascending" : numeric && !/stage|block|stream/.test(head.textContent);
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sortBy(table, column, descending);
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
    });
  }

  const filter = document.getElementById("filter");
  if (filter) filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of document.querySelectorAll("#operators tbody tr")) {
      row.hidden = !`${row.textContent} ${row.title}`.toLowerCase().includes(wanted);
    }
  });

  // ---- graph, buttons, start -----------------------------------------------------------------------------------

  const dag = document.getElementById("dag");
  let dagScale = 1;
  function scaleDag(scale) {
    dagScale = Math.min(Math.max(scale, 0.05), 4);
    const [, , width, height] = dag.getAttribute("viewBox").split(" ").map(Number);
    dag.setAttribute("width", width * dagScale);
    dag.setAttribute("height", height * dagScale);
  }
  const fitDag = () => scaleDag((dag.parentElement.clientWidth - 4) / Number(dag.dataset.width));
  const zoom = { in: () => zoomAround((view.start + view.end) / 2, 0.6), out: () => zoomAround((view.start + view.end) / 2, 1.7), all: () => zoomTo(0, whole) };
  const size = { in: () => scaleDag(dagScale * 1.25), out: () => scaleDag(dagScale / 1.25), fit: fitDag };
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", zoom[button.dataset.zoom]);
  for (const button of document.querySelectorAll("[data-dag]")) button.addEventListener("click", size[button.dataset.dag]);

  const charts = [...document.querySelectorAll("canvas[data-timeline]")].map((canvas) => new Chart(canvas, data.timelines[Number(canvas.dataset.timeline)]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { theme = readTheme(); redraw(); });
  addEventListener("resize", redraw);
  addEventListener("beforeprint", () => charts.forEach((chart) => chart.draw()));
  charts.forEach((chart) => chart.draw());
  if (Number(dag.dataset.width) > dag.parentElement.clientWidth) dag.parentElement.scrollLeft = (Number(dag.dataset.width) - dag.parentElement.clientWidth) / 2;
})();
