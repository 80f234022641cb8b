"use strict";
// Draws the timelines of the report and ties them to its tables and its graph. No library, no network.

(async () => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const GUTTER = 92, LANE = 24, LANE_GAP = 5, WARPS = 84, TRACK = 38, AXIS = 20, PAD = 6, MOST_LIT = 4000, MOST_LANES = 4000;
  const DARK_INK = new Set(["#e69f00", "#cc79a7", "#56b4e9", "#f0e442", "#7cc5ef", "#14b083", "#a2a9b3"]);
  const tip = document.getElementById("tip");
  let theme = readTheme();
  let read;
  try {
    read = columnReader(await unpackedBytes(document.getElementById("columns").textContent));
  } catch (error) {
    document.getElementById("unreadable").hidden = false;
    read = () => new Float64Array(0);
  }
  data.timelines = data.timelines.map((timeline) => readTimeline(timeline, read));
  shareScales(data.timelines);
  const whole = Math.max(1, ...data.timelines.map((timeline) => timeline.duration));
  const peak = Math.max(1, ...data.timelines.map(peakWarps));
  const view = { start: 0, end: whole };
  const lit = { hover: null, pinned: null };

  // ---- numbers -------------------------------------------------------------------------------------------------

  function readTheme() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    return {
      text: value("--text"), muted: value("--muted"), line: value("--hairline"), accent: value("--accent"),
      background: value("--background"), selection: value("--selection"),
      streams: new Map(data.colours.map((colour, i) => [colour, value(`--s${i}`)])),
    };
  }

  function colour(lane) { return theme.streams.get(lane.colour) || lane.colour; }

  // A counter has one scale in all timelines, so that heights can be compared.
  function shareScales(timelines) {
    const most = new Map();
    for (const { tracks } of timelines) for (const track of tracks) most.set(track.name, Math.max(most.get(track.name) || 0, track.most));
    for (const { tracks } of timelines) for (const track of tracks) track.most = most.get(track.name);
  }

  // The highest step of all streams together.
  function peakWarps(timeline) {
    const { edges, rows } = timeline.warps;
    let most = 0;
    for (let i = 0; i + 1 < edges.length; i++) {
      if (edges[i + 1] <= edges[i]) continue;
      let sum = 0;
      for (const row of rows) sum += row.values[i];
      most = Math.max(most, sum);
    }
    return most;
  }

  function microseconds(ns, digits) {
    return (ns / 1000).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  function figure(value) { return value.toLocaleString("en-US", { maximumSignificantDigits: 3 }); }

  function tickStep(range, count) {
    const rough = range / count, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  }

  // ---- one timeline --------------------------------------------------------------------------------------------

  class Chart {
    constructor(canvas, timeline) {
      this.canvas = canvas;
      this.timeline = timeline;
      this.lane = Math.max(3, Math.min(LANE, Math.floor(MOST_LANES / timeline.lanes.length) - LANE_GAP));
      this.pitch = this.lane + LANE_GAP;
      this.lanesHeight = timeline.lanes.length * this.pitch;
      this.warpsBottom = this.lanesHeight + PAD + WARPS;
      this.height = this.warpsBottom + timeline.tracks.length * (TRACK + PAD) + AXIS;
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
      this.timeline.tracks.forEach((track, i) => this.drawTrack(pen, track, this.trackTop(i)));
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
      this.timeline.lanes.forEach((lane, row) => {
        pen.fillText(lane.name, GUTTER - 10, row * this.pitch + this.lane / 2 + 1);
      });
      const top = this.lanesHeight + PAD;
      pen.fillText("warps", GUTTER - 10, this.warpsBottom - 7);
      pen.fillText(Math.round(peak).toLocaleString("en-US"), GUTTER - 10, top + 7);
      this.timeline.tracks.forEach((track, i) => {
        pen.fillText(`${figure(track.most)} ${track.unit}`, GUTTER - 10, this.trackTop(i) + 7);
      });
      pen.fillStyle = theme.line;
      pen.fillRect(GUTTER, top - PAD / 2, wide - GUTTER, 1);
      pen.fillRect(GUTTER, this.warpsBottom, wide - GUTTER, 1);
      this.timeline.tracks.forEach((_, i) => pen.fillRect(GUTTER, this.trackTop(i) + TRACK, wide - GUTTER, 1));
    }

    trackTop(i) { return this.warpsBottom + PAD + i * (TRACK + PAD); }

    drawSpans(pen) {
      const some = lit.pinned || lit.hover;
      this.timeline.rows.forEach((lane, row) => this.drawLane(pen, lane, row, some));
      pen.globalAlpha = 1;
      if (some) this.drawLit(pen, some);
    }

    // Spans of a pixel and more one by one; of smaller ones each pixel's share of busy time, then on to the next pixel:
    // the work depends on the width of the picture, not on the number of spans.
    drawLane(pen, lane, row, some) {
      const { start, length } = this.timeline.spans, y = row * this.pitch + 1, perPixel = (view.end - view.start) / this.width;
      const fill = colour(this.timeline.lanes[row]), dim = some ? 0.3 : 1;
      pen.fillStyle = fill;
      for (let k = lowerBound(lane.ends, view.start); k < lane.spans.length; ) {
        const i = lane.spans[k];
        if (start[i] > view.end) break;
        if (length[i] >= 0.7 * perPixel) {
          const left = this.x(start[i]), right = this.x(start[i] + length[i]);
          const wide = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
          pen.globalAlpha = dim;
          pen.fillRect(left, y, wide, this.lane);
          if (wide > 26) { this.drawName(pen, i, left, wide, y, fill); pen.fillStyle = fill; }
          k++;
          continue;
        }
        const pixel = Math.floor(this.x(start[i])), from = this.time(pixel), to = this.time(pixel + 1);
        pen.globalAlpha = dim * Math.min(Math.max(lane.coverage(from, to), 0.3), 1);
        pen.fillRect(pixel, y, 1, this.lane);
        k = this.nextAfter(lane, k, to, perPixel);
      }
    }

    // The next span that starts at `time` or later, or is too long to be part of the pixel before.
    nextAfter(lane, k, time, perPixel) {
      const { start, length } = this.timeline.spans;
      let low = k + 1, high = lane.spans.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (start[lane.spans[middle]] < time) low = middle + 1; else high = middle;
      }
      for (let before = low - 1; before > k && before > low - 4; before--) {
        if (length[lane.spans[before]] >= 0.7 * perPixel) return before;
      }
      return low;
    }

    drawLit(pen, some) {
      const { spans, launches, byLaunch } = this.timeline;
      let drawn = 0;
      launches.forEach((launch, number) => {
        if (!launch.operators.some((op) => some.has(op))) return;
        let last = -1;
        const members = byLaunch[number + 1], first = this.firstVisible(members);
        for (let k = first; k < members.length && drawn < MOST_LIT; k++) {
          const i = members[k], left = this.x(spans.start[i]), wide = Math.max(this.x(spans.start[i] + spans.length[i]) - left, 1);
          if (spans.start[i] > view.end) break;
          if (wide <= 1 && Math.floor(left) === last) continue;
          last = Math.floor(left);
          drawn++;
          const y = spans.lane[i] * this.pitch + 1, fill = colour(this.timeline.lanes[spans.lane[i]]);
          pen.fillStyle = fill;
          pen.fillRect(left, y, wide, this.lane);
          if (wide > 26) this.drawName(pen, i, left, wide, y, fill);
          pen.strokeStyle = theme.text;
          pen.lineWidth = 2;
          pen.strokeRect(left + 1, y + 1, Math.max(wide - 2, 1), this.lane - 2);
        }
      });
    }

    // Spans of one launch do not contain each other, so that their ends ascend nearly as their starts do.
    firstVisible(members) {
      const { start, length } = this.timeline.spans;
      let low = 0, high = members.length;
      while (low < high) {
        const middle = (low + high) >> 1, i = members[middle];
        if (start[i] + length[i] < view.start) low = middle + 1; else high = middle;
      }
      return Math.max(low - 4, 0);
    }

    drawName(pen, i, left, wide, y, fill) {
      const from = Math.max(left, GUTTER), room = Math.min(left + wide, this.canvas.clientWidth) - from - 8;
      const per = 6.1, launch = this.timeline.spans.launch[i] - 1;
      let text = this.label(launch);
      if (text.length * per > room) text = this.shortLabel(launch);
      if (text.length * per > room) {
        const letters = Math.floor(room / per);
        if (letters < 6) return;
        text = `…${text.slice(1 - letters)}`;
      }
      pen.textAlign = "center";
      pen.fillStyle = DARK_INK.has(fill) ? "#14171a" : "#ffffff";
      pen.fillText(text, from + 4 + room / 2, y + this.lane / 2 + 0.5);
    }

    label(launch) {
      if (launch < 0) return "several kernels";
      return this.timeline.launches[launch].operators.map((op) => data.operators[op].place).join(" & ");
    }

    // The last part of the place: "branch7x7_1" of "Mixed_6b.branch7x7_1".
    shortLabel(launch) {
      if (launch < 0) return "";
      return this.timeline.launches[launch].operators.map((op) => data.operators[op].place.split(/[./]/).pop()).join(" & ");
    }

    drawWarps(pen) {
      const { lanes, rows, edges } = this.timeline.warps;
      const scale = (WARPS - 4) / peak, [xs, times] = this.grid(edges), base = new Float64Array(Math.max(xs.length - 1, 0));
      rows.forEach((row, s) => {
        pen.fillStyle = colour(lanes[s]);
        pen.beginPath();
        for (let i = 0; i < base.length; i++) {
          const height = row.mean(times[i], times[i + 1]);
          if (height > 0) pen.rect(xs[i], this.warpsBottom - (base[i] + height) * scale, Math.max(xs[i + 1] - xs[i], 0.5), height * scale);
          base[i] += height;
        }
        pen.fill();
      });
    }

    drawTrack(pen, track, top) {
      const [xs, times] = this.grid(track.steps.edges), scale = (TRACK - 2) / Math.max(track.most, 1e-9);
      pen.fillStyle = theme.accent;
      pen.globalAlpha = 0.55;
      pen.beginPath();
      for (let i = 0; i + 1 < xs.length; i++) {
        const height = track.steps.mean(times[i], times[i + 1]) * scale;
        if (height > 0) pen.rect(xs[i], top + TRACK - height, Math.max(xs[i + 1] - xs[i], 0.5), height);
      }
      pen.fill();
      pen.globalAlpha = 1;
      const wide = pen.measureText(track.title).width;
      pen.fillStyle = theme.background;
      pen.globalAlpha = 0.8;
      pen.fillRect(GUTTER + 2, top, wide + 8, 15);
      pen.globalAlpha = 1;
      pen.fillStyle = theme.muted;
      pen.textAlign = "left";
      pen.fillText(track.title, GUTTER + 6, top + 8);
    }

    // Where to draw steps: at their own edges, or, with more of them than pixels, pixel by pixel (each then shows a mean).
    grid(edges) {
      const first = Math.max(lowerBound(edges, view.start) - 1, 0), last = Math.min(lowerBound(edges, view.end), edges.length - 1);
      if (last <= first) return [[], []];
      if (last - first <= this.width) {
        const times = Array.from(edges.subarray(first, last + 1));
        return [times.map((time) => this.x(time)), times];
      }
      const xs = Array.from({ length: Math.ceil(this.width) + 1 }, (_, i) => GUTTER + i);
      return [xs, xs.map((x) => this.time(x))];
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

    drawDrag(pen) {
      if (!this.drag || !this.drag.moved) return;
      pen.fillStyle = theme.accent;
      pen.globalAlpha = 0.18;
      pen.fillRect(Math.min(this.drag.from, this.drag.to), 0, Math.abs(this.drag.to - this.drag.from), this.height - AXIS);
      pen.globalAlpha = 1;
    }

    spanAt(x, y) {
      const row = Math.floor(y / this.pitch);
      if (row < 0 || row >= this.timeline.lanes.length || x < GUTTER) return -1;
      const { start, length } = this.timeline.spans, lane = this.timeline.rows[row];
      const slack = ((view.end - view.start) / this.width) * 1.5, time = this.time(x);
      for (let k = lowerBound(lane.ends, time - slack); k < lane.spans.length; k++) {
        const i = lane.spans[k];
        if (start[i] > time + slack) return -1;
        if (start[i] + length[i] >= time - slack) return i;
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
      const launch = i < 0 ? 0 : this.timeline.spans.launch[i];
      return launch < 1 ? null : new Set(this.timeline.launches[launch - 1].operators);
    }

    hover(event, x, y) {
      const i = this.spanAt(x, y);
      light(this.operatorsAt(x, y));
      if (i >= 0) return showTip(event, this.label(this.timeline.spans.launch[i] - 1), this.facts(i));
      if (x > GUTTER && y > this.lanesHeight && y <= this.warpsBottom) return this.hoverWarps(event, x);
      const track = this.timeline.tracks[Math.floor((y - this.warpsBottom - PAD / 2) / (TRACK + PAD))];
      if (x > GUTTER && y > this.warpsBottom && track) return this.hoverTrack(event, x, track);
      return hideTip();
    }

    facts(i) {
      const { spans, kernels, launches, lanes, basis } = this.timeline;
      const end = spans.start[i] + spans.length[i];
      const time = [
        ["time", `${microseconds(spans.start[i], 2)} to ${microseconds(end, 2)} µs`],
        ["duration", `${microseconds(spans.length[i], 2)} µs, ${basis}`],
      ];
      if (!spans.launch[i]) return [...time, ["runs in", lanes[spans.lane[i]].name]];
      const launch = launches[spans.launch[i] - 1];
      const [kernel, gx, gy, gz, bx, by, bz, registers, shared, bytes] = spans.shapes.map((column) => column[spans.shape[i]]);
      const resources = bytes > 0 ? [["copies", `${bytes.toLocaleString("en-US")} bytes`]] : [
        ["grid", `${gx} × ${gy} × ${gz}`],
        ["block", `${bx} × ${by} × ${bz}, ${registers} registers, ${(shared / 1024).toFixed(1)} KiB shared`],
      ];
      return [
        ["computes", launch.operators.map((op) => data.operators[op].title).join(" & ")],
        ["kernel", kernels[kernel]],
        ...time,
        ["runs in", lanes[spans.lane[i]].name + (launch.stage >= 0 ? `, stage ${launch.stage + 1}` : "")],
        ...resources,
      ];
    }

    hoverWarps(event, x) {
      const { lanes, rows, edges } = this.timeline.warps, time = this.time(x);
      if (!edges.length || time < edges[0] || time > edges[edges.length - 1]) return hideTip();
      const values = rows.map((row) => row.at(time)), sum = values.reduce((a, b) => a + b, 0);
      const shown = values.map((value, s) => [lanes[s].name, Math.round(value).toLocaleString("en-US")]).filter((row) => row[1] !== "0");
      const part = ((100 * sum) / Math.max(this.timeline.maxWarps, 1)).toFixed(1);
      return showTip(event, `${Math.round(sum).toLocaleString("en-US")} active warps (${part}% of the device)`, [["at", `${microseconds(time, 2)} µs`], ...shown]);
    }

    hoverTrack(event, x, track) {
      const time = this.time(x);
      return showTip(event, `${figure(track.steps.at(time))} ${track.unit}`.trim(), [["at", `${microseconds(time, 2)} µs`], [track.title, track.name]]);
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
        const descending = before ? before === "ascending" : numeric && !/stage|episode|block|stream/.test(head.textContent);
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
    if (!dag) return;
    dagScale = Math.min(Math.max(scale, 0.05), 4);
    const [, , width, height] = dag.getAttribute("viewBox").split(" ").map(Number);
    dag.setAttribute("width", width * dagScale);
    dag.setAttribute("height", height * dagScale);
  }
  const fitDag = () => dag && scaleDag((dag.parentElement.clientWidth - 4) / Number(dag.dataset.width));
  const zoom = { in: () => zoomAround((view.start + view.end) / 2, 0.6), out: () => zoomAround((view.start + view.end) / 2, 1.7), all: () => zoomTo(0, whole) };
  const size = { in: () => scaleDag(dagScale * 1.25), out: () => scaleDag(dagScale / 1.25), fit: fitDag };
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", zoom[button.dataset.zoom]);
  for (const button of document.querySelectorAll("[data-dag]")) button.addEventListener("click", size[button.dataset.dag]);

  const charts = [...document.querySelectorAll("canvas[data-timeline]")].map((canvas) => new Chart(canvas, data.timelines[Number(canvas.dataset.timeline)]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { theme = readTheme(); redraw(); });
  addEventListener("resize", redraw);
  addEventListener("beforeprint", () => charts.forEach((chart) => chart.draw()));
  charts.forEach((chart) => chart.draw());
  if (dag && Number(dag.dataset.width) > dag.parentElement.clientWidth) dag.parentElement.scrollLeft = (Number(dag.dataset.width) - dag.parentElement.clientWidth) / 2;
})();
