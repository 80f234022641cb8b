"use strict";
// Unpacks the columns of numbers that the report carries. Every column is kept as planes of bytes: the lowest byte of
// all values, then the next one, and so on.

async function unpackedBytes(text) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function columnReader(bytes) {
  return (column) => {
    const { at, count, width, coding } = column, values = new Float64Array(count);
    if (coding === "float") {
      const bits = new Uint32Array(count);
      for (let plane = 0; plane < 4; plane++) {
        for (let i = 0, from = at + plane * count; i < count; i++) bits[i] |= bytes[from + i] << (8 * plane);
      }
      values.set(new Float32Array(bits.buffer));
      return values;
    }
    for (let plane = 0, weight = 1; plane < width; plane++, weight *= 256) {
      for (let i = 0, from = at + plane * count; i < count; i++) values[i] += bytes[from + i] * weight;
    }
    if (coding === "ascending") for (let i = 1; i < count; i++) values[i] += values[i - 1];
    if (column.step) for (let i = 0; i < count; i++) values[i] *= column.step;
    return values;
  };
}

function lowerBound(sorted, value, from = 0) {
  let low = from, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

// The spans of one lane by start. `ends` is the running maximum of their ends (spans of a stream may overlap at launch
// boundaries) and `busy` the time covered until each span has ended, so that any window of a million spans is judged by
// two look-ups.
class Lane {
  constructor(spans, members) {
    this.spans = members;
    this.ends = new Float64Array(members.length);
    this.busy = new Float64Array(members.length);
    let most = 0, sum = 0;
    members.forEach((i, k) => {
      const end = spans.start[i] + spans.length[i];
      sum += Math.max(end - Math.max(spans.start[i], most), 0);
      most = Math.max(most, end);
      this.ends[k] = most;
      this.busy[k] = sum;
    });
    this.start = spans.start;
  }

  busyUntil(time) {
    const k = lowerBound(this.ends, time);
    const before = k > 0 ? this.busy[k - 1] : 0, last = k > 0 ? this.ends[k - 1] : 0;
    if (k === this.spans.length) return before;
    return before + Math.max(time - Math.max(this.start[this.spans[k]], last), 0);
  }

  coverage(from, to) { return to > from ? (this.busyUntil(to) - this.busyUntil(from)) / (to - from) : 0; }
}

// A step function with its integral, for means over any window.
class Steps {
  constructor(edges, values) {
    this.edges = edges;
    this.values = values;
    this.sums = new Float64Array(edges.length);
    for (let i = 0; i + 1 < edges.length; i++) this.sums[i + 1] = this.sums[i] + values[i] * (edges[i + 1] - edges[i]);
  }

  integral(time) {
    const { edges, values, sums } = this, last = edges.length - 1;
    if (last < 1 || time <= edges[0]) return 0;
    if (time >= edges[last]) return sums[last];
    const i = lowerBound(edges, time) - 1;
    return sums[i] + values[i] * (time - edges[i]);
  }

  mean(from, to) { return to > from ? (this.integral(to) - this.integral(from)) / (to - from) : this.at(from); }

  at(time) {
    const i = lowerBound(this.edges, time + 1e-9) - 1;
    return i < 0 || i >= this.values.length ? 0 : this.values[i];
  }

  most() { return this.values.reduce((a, b) => Math.max(a, b), 0); }
}

// Members of each of `count` classes, in order, without an array per item.
function grouped(classes, count) {
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < classes.length; i++) offsets[classes[i] + 1]++;
  for (let i = 0; i < count; i++) offsets[i + 1] += offsets[i];
  const members = new Uint32Array(classes.length), next = offsets.slice();
  for (let i = 0; i < classes.length; i++) members[next[classes[i]]++] = i;
  return Array.from({ length: count }, (_, i) => members.subarray(offsets[i], offsets[i + 1]));
}

function readTimeline(timeline, read) {
  const packed = timeline.spans, spans = { shapes: packed.shapes };
  for (const name of ["start", "length", "lane", "launch", "shape"]) spans[name] = read(packed[name]);
  const warps = { lanes: timeline.warps.lanes, edges: read(timeline.warps.edges) };
  warps.rows = timeline.warps.values.map((column) => new Steps(warps.edges, read(column)));
  const counters = timeline.counters && readCounters(timeline.counters, read);
  return {
    ...timeline, spans, warps, tracks: counters || [],
    rows: grouped(spans.lane, timeline.lanes.length).map((members) => new Lane(spans, members)),
    byLaunch: grouped(spans.launch, timeline.launches.length + 1),
  };
}

// Samples follow each other; what is not sampled between two of them counts as nothing.
function readCounters(counters, read) {
  const start = read(counters.start), end = read(counters.end), edges = [], from = [];
  for (let i = 0; i < start.length; i++) {
    if (!edges.length || start[i] > edges[edges.length - 1]) { if (edges.length) from.push(-1); edges.push(start[i]); }
    if (end[i] > edges[edges.length - 1]) { from.push(i); edges.push(end[i]); }
  }
  const grid = Float64Array.from(edges);
  return counters.tracks.map((track) => {
    const values = read(track.values);
    return { ...track, steps: new Steps(grid, Float64Array.from(from, (i) => (i < 0 ? 0 : values[i]))) };
  });
}

if (typeof module !== "undefined") module.exports = { unpackedBytes, columnReader, readTimeline, lowerBound, Lane, Steps };
