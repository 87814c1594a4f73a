"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const { words, counts } = data;
  const n = words.length;

  const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const numbersOf = (text) => new Uint16Array(bytesOf(text).buffer);
  const projections = data.projections.map(({ name, places }) => {
    const both = numbersOf(places);
    const x = new Float32Array(n), y = new Float32Array(n);
    for (let i = 0; i < n; i++) { x[i] = both[2 * i] / 65535; y[i] = both[2 * i + 1] / 65535; }
    return { name, x, y };
  });
  const neighborIds = numbersOf(data.neighbors.ids), neighborCosines = numbersOf(data.neighbors.cosines);
  const neighborCount = data.neighbors.count;
  const columns = data.columns.map((column) => ({ ...column, codes: numbersOf(column.codes) }));
  const MISSING = 65535;

  // ---- colors
  const CATEGORIES = ["#3b82c4", "#e07b39", "#4a9d5b", "#c94f5d", "#8e6bbf", "#9b7653", "#d773b5", "#7f8a94", "#a8a23a", "#35a7ad",
    "#5468d4", "#d19a26", "#6fae3c", "#b0459b", "#c86f4b", "#2f8f83", "#9aa0d8", "#ad5c5c", "#6e7f3f", "#5f9ec9"];
  const RAMPS = { light: ["#440154", "#414487", "#2a788e", "#22a884", "#8fc93a"], dark: ["#6d5bd0", "#4f83cc", "#3aa6a0", "#7ad151", "#fde725"] };
  const RAMP = 120;
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const ramp = (share) => {
    const stops = RAMPS[theme], at = share * (stops.length - 1), left = Math.min(Math.floor(at), stops.length - 2);
    const a = rgb(stops[left]), b = rgb(stops[left + 1]);
    return a.map((v, c) => Math.round(v + (b[c] - v) * (at - left)));
  };
  const colorsOfWords = new Uint8Array(3 * n);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let theme = dark.matches ? "dark" : "light";
  let ground = [255, 255, 255], ink = "#000", mark = "#c00", soft = "#555", line = "#ccc";

  function colorOf(column, code) {
    if (code === MISSING) return theme === "dark" ? [90, 98, 105] : [175, 182, 188];
    return column.kind === "category" ? rgb(CATEGORIES[code % CATEGORIES.length]) : ramp(code / 65534);
  }
  function recolor() {
    document.documentElement.dataset.theme = theme;
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    ground = rgb(value("--ground")); ink = value("--ink"); mark = value("--mark"); soft = value("--soft"); line = value("--line");
    const column = columns[byId("color").selectedIndex];
    const cache = new Map();
    for (let i = 0; i < n; i++) {
      const code = column ? column.codes[i] : 0;
      let color = cache.get(code);
      if (!color) cache.set(code, color = column ? colorOf(column, code) : rgb(CATEGORIES[0]));
      colorsOfWords.set(color, 3 * i);
    }
    showKey(column);
    redraw();
  }
  // what the colors of a column mean: a line for each, with its color, or the colors that it goes through
  function keyOf(column) {
    if (!column) return [];
    const lines = column.kind === "category"
      ? column.labels.map((text, code) => ({ colors: [`rgb(${colorOf(column, code)})`], text }))
      : [{ colors: Array.from({ length: RAMP }, (_, x) => `rgb(${ramp(x / (RAMP - 1))})`), text: `${column.low} – ${column.high}` }];
    if (column.codes.includes(MISSING)) lines.push({ colors: [`rgb(${colorOf(column, MISSING)})`], text: "not known" });
    return lines;
  }
  function showKey(column) {
    byId("key").replaceChildren(...keyOf(column).map(({ colors, text }) => {
      const row = document.createElement("div"), label = document.createElement("span");
      const swatch = document.createElement(colors.length > 1 ? "canvas" : "i");
      if (colors.length > 1) {
        swatch.width = RAMP; swatch.height = 1;
        const paint = swatch.getContext("2d");
        colors.forEach((color, x) => { paint.fillStyle = color; paint.fillRect(x, 0, 1, 1); });
      } else swatch.style.background = colors[0];
      label.textContent = label.title = text; label.dir = "auto";
      row.append(swatch, label);
      return row;
    }));
  }

  // ---- the view: a point (x, y) of the map, 0 to 1, is at (x · scale + left, y · scale + top)
  const map = byId("map"), pointCanvas = byId("points"), overCanvas = byId("over");
  const paint = pointCanvas.getContext("2d", { alpha: false }), over = overCanvas.getContext("2d");
  let width = 0, height = 0, density = 1, pixels = null, image = null;
  let view = { scale: 1, left: 0, top: 0 };
  let { x: xs, y: ys } = projections[projections.length - 1];
  let selected = -1, hovered = -1, region = null, shape = null;

  function home() {
    const scale = 0.94 * Math.min(width, height);
    return { scale, left: (width - scale) / 2, top: (height - scale) / 2 };
  }
  function resize() {
    const before = width ? { x: (width / 2 - view.left) / view.scale, y: (height / 2 - view.top) / view.scale } : null;
    const wasHome = before && Math.abs(view.scale - home().scale) < 1e-6;
    width = map.clientWidth; height = map.clientHeight;
    sharpen(Math.min(window.devicePixelRatio || 1, 2));
    if (!before || wasHome) view = home();
    else { view.left = width / 2 - before.x * view.scale; view.top = height / 2 - before.y * view.scale; }
    redraw();
  }
  function sharpen(pixelsPerUnit) {
    density = pixelsPerUnit;
    for (const canvas of [pointCanvas, overCanvas]) {
      canvas.width = Math.max(1, Math.round(width * density)); canvas.height = Math.max(1, Math.round(height * density));
    }
    image = paint.createImageData(pointCanvas.width, pointCanvas.height);
    pixels = new Uint32Array(image.data.buffer);
    stamps.clear();
  }
  const limited = (scale) => Math.min(Math.max(scale, home().scale / 2), home().scale * 400);
  function zoom(factor, atX, atY) {
    const scale = limited(view.scale * factor), by = scale / view.scale;
    view = { scale, left: atX - (atX - view.left) * by, top: atY - (atY - view.top) * by };
    redraw();
  }

  // ---- flying
  let flight = 0;
  function fly(to, milliseconds = 600) {
    cancelAnimationFrame(flight);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) { view = to; redraw(); return; }
    const from = { ...view }, begun = performance.now();
    const center = (v) => [(width / 2 - v.left) / v.scale, (height / 2 - v.top) / v.scale];
    const [ax, ay] = center(from), [bx, by] = center(to);
    const step = (now) => {
      const time = Math.min(Math.max((now - begun) / milliseconds, 0), 1), eased = time * time * (3 - 2 * time);
      const scale = from.scale * (to.scale / from.scale) ** eased;
      // as the scale changes by factors, the center moves so that the target comes in steadily
      const moved = to.scale === from.scale ? eased : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
      const x = ax + (bx - ax) * moved, y = ay + (by - ay) * moved;
      view = { scale, left: width / 2 - x * scale, top: height / 2 - y * scale };
      draw();
      if (time < 1) flight = requestAnimationFrame(step);
    };
    flight = requestAnimationFrame(step);
  }
  function flyTo(i) {
    const scale = limited(Math.max(view.scale, home().scale * 6));
    const middle = width < 700 ? 0.3 : 0.5; // on a telephone, the panel is below
    fly({ scale, left: width / 2 - xs[i] * scale, top: height * middle - ys[i] * scale });
  }

  // ---- points, blended into an image by hand: quick without a graphics card, and the same everywhere
  const OPAQUE = 0.85, DIMMED = 0.2;
  const stamps = new Map();
  function stampOf(radius) {
    const key = Math.round(radius * 4);
    let stamp = stamps.get(key);
    if (!stamp) {
      const r = key / 4, reach = Math.ceil(r), size = 2 * reach + 1, alpha = new Uint8Array(size * size);
      for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) {
        alpha[(y + reach) * size + x + reach] = 256 * OPAQUE * Math.min(Math.max(r + 0.5 - Math.hypot(x, y), 0), 1);
      }
      stamps.set(key, stamp = { reach, size, alpha });
    }
    return stamp;
  }
  let radii = new Float32Array(n);
  function resizePoints() {
    const by = byId("size").checked && counts;
    const top = by ? Math.log(1 + counts[0]) : 1;
    for (let i = 0; i < n; i++) radii[i] = by ? 0.9 + 2.6 * (Math.log(1 + counts[i]) / top) ** 3 : 1.6;
    redraw();
  }
  const growth = () => Math.min(Math.max((view.scale / home().scale) ** 0.35, 0.8), 3);
  function drawPoints() {
    const { scale, left, top } = view, w = pointCanvas.width, h = pointCanvas.height;
    pixels.fill((255 << 24) | (ground[2] << 16) | (ground[1] << 8) | ground[0]);
    const out = image.data;
    const grow = density * growth();
    for (let i = n - 1; i >= 0; i--) {
      const px = Math.round((xs[i] * scale + left) * density), py = Math.round((ys[i] * scale + top) * density);
      if (px < -9 || py < -9 || px > w + 9 || py > h + 9) continue;
      const { reach, size, alpha } = stampOf(radii[i] * grow);
      const dim = region && !region.has(i) ? DIMMED : 1;
      const r = colorsOfWords[3 * i], g = colorsOfWords[3 * i + 1], b = colorsOfWords[3 * i + 2];
      const x0 = Math.max(px - reach, 0), x1 = Math.min(px + reach, w - 1);
      for (let y = Math.max(py - reach, 0); y <= Math.min(py + reach, h - 1); y++) {
        let at = 4 * (y * w + x0), from = (y - py + reach) * size + x0 - px + reach;
        for (let x = x0; x <= x1; x++, at += 4, from++) {
          const a = alpha[from] * dim;
          if (a === 0) continue;
          out[at] += ((r - out[at]) * a) >> 8; out[at + 1] += ((g - out[at + 1]) * a) >> 8; out[at + 2] += ((b - out[at + 2]) * a) >> 8;
        }
      }
    }
    paint.putImageData(image, 0, 0);
  }

  // ---- labels: the most frequent first, each where it hides no other
  const LABELS = 160, LOOKED_AT = 5000;
  const widths = new Float32Array(n), fittedWords = [];
  const labelOf = (i) => (fittedWords[i] ??= pictures.fitted(over, words[i]));
  let labeled = [], labeledScale = 0;
  function labels() {
    const placed = [], boxes = [], { scale, left, top } = view;
    const wanted = Math.min(LABELS, Math.round(width * height / 5500));
    const place = (i) => {
      const x = xs[i] * scale + left, y = ys[i] * scale + top;
      if (x < 0 || y < 0 || x > width || y > height) return false;
      if (!widths[i]) widths[i] = over.measureText(labelOf(i)).width;
      const x0 = x + 5, x1 = x0 + widths[i] + 4, y0 = y - 8, y1 = y + 8;
      for (const b of boxes) if (x0 < b[2] && x1 > b[0] && y0 < b[3] && y1 > b[1]) return true;
      boxes.push([x0 - 3, y0, x1, y1]); placed.push(i);
      return true;
    };
    const first = region ? [...region].sort((a, b) => a - b).slice(0, LABELS) : [];
    if (selected >= 0) { place(selected); for (let k = 0; k < neighborCount; k++) place(neighborIds[selected * neighborCount + k]); }
    first.forEach(place);
    if (scale === labeledScale) labeled.forEach((i) => { if (!placed.includes(i)) place(i); });
    const have = new Set(placed);
    for (let i = 0, seen = 0; i < n && placed.length < wanted && seen < LOOKED_AT; i++) if (!have.has(i) && place(i)) seen++;
    labeled = placed; labeledScale = scale;
    return placed;
  }
  const at = (i) => [xs[i] * view.scale + view.left, ys[i] * view.scale + view.top];
  function marksOver() {
    const near = new Set(), marks = [];
    if (selected >= 0) {
      for (let k = 0; k < neighborCount; k++) {
        const j = neighborIds[selected * neighborCount + k];
        if (j === selected) continue;
        near.add(j);
        const opacity = 0.25 + 0.6 * Math.max(0, neighborCosines[selected * neighborCount + k] / 32767.5 - 1);
        marks.push({ kind: "line", from: at(selected), to: at(j), stroke: mark, opacity });
      }
      marks.push({ kind: "ring", at: at(selected), radius: 7, stroke: mark, width: 2 });
    }
    for (const i of labels()) {
      const [x, y] = at(i), special = i === selected || near.has(i);
      const opacity = region && !region.has(i) && !special ? 0.35 : 1;
      marks.push({ kind: "text", at: [x + 6, y], text: labelOf(i), fill: special ? mark : ink, halo: `rgb(${ground})`, opacity });
    }
    return marks;
  }
  function drawOver() {
    over.setTransform(density, 0, 0, density, 0, 0);
    over.clearRect(0, 0, width, height);
    over.font = pictures.FONT;
    pictures.paint(over, marksOver());
    if (shape) {
      over.strokeStyle = mark; over.lineWidth = 1.5; over.setLineDash([5, 4]); over.beginPath();
      shape.forEach(([x, y], k) => (k ? over.lineTo(x, y) : over.moveTo(x, y)));
      over.closePath(); over.stroke(); over.setLineDash([]);
    }
  }
  const frames = [];
  let waiting = 0;
  function draw() {
    const begun = performance.now();
    drawPoints(); drawOver();
    frames.push(performance.now() - begun);
    if (frames.length > 2000) frames.splice(0, 1000);
  }
  function redraw() { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; if (width) draw(); }); }

  // ---- which word is here: words by cells of a grid
  const CELLS = 128;
  let cellStarts, cellWords;
  function index() {
    const cellOf = (i) => Math.min(CELLS - 1, Math.floor(ys[i] * CELLS)) * CELLS + Math.min(CELLS - 1, Math.floor(xs[i] * CELLS));
    cellStarts = new Int32Array(CELLS * CELLS + 1); cellWords = new Int32Array(n);
    for (let i = 0; i < n; i++) cellStarts[cellOf(i) + 1]++;
    for (let c = 0; c < CELLS * CELLS; c++) cellStarts[c + 1] += cellStarts[c];
    const next = cellStarts.slice();
    for (let i = 0; i < n; i++) cellWords[next[cellOf(i)]++] = i;
  }
  function wordAt(px, py, reach = 12) {
    const x = (px - view.left) / view.scale, y = (py - view.top) / view.scale, r = reach / view.scale;
    const cell = (v) => Math.min(CELLS - 1, Math.max(0, Math.floor(v * CELLS)));
    let best = -1, least = r * r;
    for (let cy = cell(y - r); cy <= cell(y + r); cy++) for (let cx = cell(x - r); cx <= cell(x + r); cx++) {
      for (let k = cellStarts[cy * CELLS + cx]; k < cellStarts[cy * CELLS + cx + 1]; k++) {
        const i = cellWords[k], d = (xs[i] - x) ** 2 + (ys[i] - y) ** 2;
        if (d < least || (d === least && best < 0)) { least = d; best = i; }
      }
    }
    return best;
  }

  // ---- the panel: a word and its neighbors, or a region's words
  const goTo = (i) => { select(i); flyTo(i); };
  function wordButton(i) {
    const button = document.createElement("button");
    button.textContent = words[i]; button.dir = "auto";
    button.addEventListener("click", () => goTo(i));
    return button;
  }
  function select(i) {
    selected = i;
    byId("word-part").hidden = i < 0;
    if (i >= 0) {
      byId("word").textContent = words[i];
      const facts = [counts ? `${counts[i].toLocaleString("en")} times` : "", `rank ${(i + 1).toLocaleString("en")}`];
      for (const column of columns) if (column.own && column.codes[i] !== MISSING) facts.push(`${column.name}: ${valueOf(column, i)}`);
      byId("facts").textContent = facts.filter(Boolean).join(" · ");
      const rows = [];
      for (let k = 0; k < neighborCount; k++) {
        const j = neighborIds[i * neighborCount + k];
        if (j === i) continue;
        const row = document.createElement("li"), cosine = document.createElement("span");
        cosine.textContent = (neighborCosines[i * neighborCount + k] / 32767.5 - 1).toFixed(3);
        row.append(wordButton(j), cosine); rows.push(row);
      }
      byId("neighbors").replaceChildren(...rows);
    }
    showPanel();
  }
  function valueOf(column, i) {
    const code = column.codes[i];
    return column.kind === "category" ? column.labels[code] : (column.low + (column.high - column.low) * code / 65534).toPrecision(4);
  }
  function selectRegion(ids) {
    region = ids && ids.length ? new Set(ids) : null;
    byId("region-part").hidden = !ids;
    if (ids) {
      byId("region-title").textContent = `${ids.length.toLocaleString("en")} words`;
      byId("copied").textContent = "";
      byId("region").replaceChildren(...ids.slice(0, 500).map((i) => {
        const row = document.createElement("li");
        row.append(wordButton(i));
        return row;
      }));
      if (ids.length > 500) {
        const more = document.createElement("li");
        more.textContent = `and ${(ids.length - 500).toLocaleString("en")} more: Copy has all`;
        byId("region").append(more);
      }
    }
    showPanel();
  }
  function showPanel() { byId("panel").hidden = selected < 0 && byId("region-part").hidden; redraw(); }
  function clear() { select(-1); selectRegion(null); }
  async function copy() {
    const text = [...region].map((i) => words[i]).join("\n");
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    byId("copied").textContent = "copied";
  }

  // ---- pointers
  const pointers = new Map();
  let tool = "move", gesture = null;
  const place = (event) => { const box = map.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  function inside(points, x, y) {
    let within = false;
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [ax, ay] = points[i], [bx, by] = points[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
    }
    return within;
  }
  map.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    map.setPointerCapture(event.pointerId);
    cancelAnimationFrame(flight);
    pointers.set(event.pointerId, place(event));
    const kind = event.shiftKey ? "box" : event.altKey ? "lasso" : tool;
    gesture = { kind: pointers.size > 1 ? "pinch" : kind, from: place(event), moved: false };
    byId("tip").hidden = true;
  });
  map.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!gesture || !pointers.has(event.pointerId)) { hover(x, y); return; }
    const [px, py] = pointers.get(event.pointerId);
    if (gesture.kind === "pinch") {
      const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const [ox, oy] = others[0];
      view.left += (x - px) / 2; view.top += (y - py) / 2;
      zoom(Math.hypot(x - ox, y - oy) / Math.max(Math.hypot(px - ox, py - oy), 1), (x + ox) / 2, (y + oy) / 2);
    } else if (gesture.moved || Math.hypot(x - gesture.from[0], y - gesture.from[1]) > 3) {
      gesture.moved = true;
      if (gesture.kind === "move") {
        view = { ...view, left: view.left + x - px, top: view.top + y - py };
        map.classList.add("dragging");
      } else if (gesture.kind === "box") {
        const [fx, fy] = gesture.from;
        shape = [[fx, fy], [x, fy], [x, y], [fx, y]];
      } else { (shape ??= [gesture.from]).push([x, y]); }
      redraw();
    }
    pointers.set(event.pointerId, [x, y]);
  });
  function released(event) {
    if (!pointers.delete(event.pointerId) || !gesture) return;
    if (event.type === "pointerup" && !gesture.moved && gesture.kind !== "pinch") {
      const i = wordAt(...place(event));
      if (i >= 0) select(i); else clear();
    } else if (shape) {
      const points = shape.map(([x, y]) => [(x - view.left) / view.scale, (y - view.top) / view.scale]);
      const ids = [];
      for (let i = 0; i < n; i++) if (inside(points, xs[i], ys[i])) ids.push(i);
      shape = null;
      select(-1); selectRegion(ids);
    }
    map.classList.remove("dragging");
    if (!pointers.size) gesture = null;
    redraw();
  }
  map.addEventListener("pointerup", released);
  map.addEventListener("pointercancel", (event) => { shape = null; released(event); });
  map.addEventListener("pointerleave", () => { byId("tip").hidden = true; });
  map.addEventListener("dblclick", (event) => zoom(2, ...place(event)));
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    cancelAnimationFrame(flight);
    const lines = event.deltaMode === 1 ? 20 : 1;
    zoom(Math.exp(-Math.max(-300, Math.min(300, event.deltaY * lines)) * 0.002), ...place(event));
  }, { passive: false });
  function hover(x, y) {
    const i = wordAt(x, y), tip = byId("tip");
    if (i === hovered && !tip.hidden === i >= 0) return;
    hovered = i;
    tip.hidden = i < 0;
    if (i < 0) return;
    tip.textContent = counts ? `${words[i]} · ${counts[i].toLocaleString("en")}` : words[i];
    tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(y - 30, 4)}px`;
  }

  // ---- keys
  map.addEventListener("keydown", (event) => {
    const step = 80, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (moves[event.key]) { view = { ...view, left: view.left + moves[event.key][0], top: view.top + moves[event.key][1] }; redraw(); }
    else if (event.key === "+" || event.key === "=") zoom(1.5, width / 2, height / 2);
    else if (event.key === "-") zoom(1 / 1.5, width / 2, height / 2);
    else if (event.key === "0" || event.key === "Home") fly(home());
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); search.select(); }
    if (event.key === "Escape") { hideFound(); clear(); map.focus(); }
  });

  // ---- search
  const search = byId("search"), found = byId("found"), lower = words.map((word) => word.toLowerCase());
  let offered = [], chosen = -1;
  function matches(text) {
    const wanted = text.trim().toLowerCase(), exact = [], starts = [], within = [];
    if (!wanted) return [];
    for (let i = 0; i < n && starts.length < 12; i++) {
      const at = lower[i].indexOf(wanted);
      if (lower[i] === wanted) exact.push(i);
      else if (at === 0) starts.push(i);
      else if (at > 0 && within.length < 12) within.push(i);
    }
    if (!exact.length) { const i = lower.indexOf(wanted); if (i >= 0) exact.push(i); }
    return [...exact, ...starts, ...within].slice(0, 12);
  }
  function hideFound() { found.hidden = true; search.setAttribute("aria-expanded", "false"); search.removeAttribute("aria-activedescendant"); }
  function choose(k) {
    chosen = k;
    [...found.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === k)));
    if (k >= 0) { search.setAttribute("aria-activedescendant", `found-${k}`); found.children[k].scrollIntoView({ block: "nearest" }); }
  }
  function take(i) { search.value = words[i]; hideFound(); goTo(i); }
  search.addEventListener("input", () => {
    offered = matches(search.value);
    const rows = offered.map((i, k) => {
      const row = document.createElement("li");
      row.id = `found-${k}`; row.setAttribute("role", "option"); row.dir = "auto"; row.textContent = words[i];
      row.addEventListener("pointerdown", (event) => { event.preventDefault(); take(i); });
      return row;
    });
    if (!rows.length && search.value.trim()) {
      const none = document.createElement("li");
      none.className = "none"; none.textContent = "not on this map";
      rows.push(none);
    }
    found.replaceChildren(...rows);
    found.hidden = !rows.length;
    search.setAttribute("aria-expanded", String(!found.hidden));
    choose(offered.length ? 0 : -1);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (offered.length) choose((chosen + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length);
    } else if (event.key === "Enter" && chosen >= 0 && offered.length) take(offered[chosen]);
  });
  search.addEventListener("blur", hideFound);

  // ---- what is seen, as a picture: the points, what is drawn over them, and the key if the legend is open
  const PICTURE_DENSITY = 2;
  function marksOfPoints() {
    const marks = [], grow = growth();
    for (let i = n - 1; i >= 0; i--) {
      const [x, y] = at(i);
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
      const opacity = OPAQUE * (region && !region.has(i) ? DIMMED : 1);
      marks.push({ kind: "dot", at: [x, y], radius: radii[i] * grow, fill: `rgb(${colorsOfWords.slice(3 * i, 3 * i + 3)})`, opacity });
    }
    return marks;
  }
  function marksOfKey() {
    const column = columns[byId("color").selectedIndex];
    if (!column || !byId("legend").open) return [];
    return pictures.keyMarks(over, [{ colors: [], text: column.name }, ...keyOf(column)], height, { ground: `rgb(${ground})`, line, ink, soft });
  }
  function svgOfView() {
    const about = { width, height, ground: `rgb(${ground})`, title: document.title, about: data.made };
    return pictures.svg(about, [...marksOfPoints(), ...marksOver(), ...marksOfKey()], over);
  }
  function canvasOfView() {
    const canvas = document.createElement("canvas"), before = density;
    sharpen(Math.max(PICTURE_DENSITY, before)); draw();
    canvas.width = pointCanvas.width; canvas.height = pointCanvas.height;
    const context = canvas.getContext("2d");
    context.drawImage(pointCanvas, 0, 0); context.drawImage(overCanvas, 0, 0);
    context.scale(density, density);
    pictures.paint(context, marksOfKey());
    sharpen(before); draw();
    return canvas;
  }
  const nameOfView = (ending) => pictures.fileName([document.title, ...(selected >= 0 ? [words[selected]] : [])], ending);
  byId("svg").addEventListener("click", () => pictures.save(new Blob([svgOfView()], { type: "image/svg+xml" }), nameOfView("svg")));
  byId("png").addEventListener("click", () => {
    const name = nameOfView("png");
    canvasOfView().toBlob((blob) => pictures.save(blob, name), "image/png");
  });

  // ---- controls
  const options = (select, names) => select.append(...names.map((name) => { const o = document.createElement("option"); o.textContent = name; return o; }));
  options(byId("color"), columns.length ? columns.map((column) => column.name) : ["one color"]);
  options(byId("projection"), projections.map((p) => p.name));
  byId("projection-choice").hidden = projections.length < 2;
  byId("projection").selectedIndex = projections.length - 1;
  byId("size-choice").hidden = !counts;
  byId("color").selectedIndex = data.color;
  byId("color").addEventListener("change", recolor);
  byId("size").addEventListener("change", resizePoints);
  byId("projection").addEventListener("change", () => {
    ({ x: xs, y: ys } = projections[byId("projection").selectedIndex]);
    index(); selectRegion(null); fly(home(), 300);
  });
  for (const name of ["move", "box", "lasso"]) {
    byId(name).addEventListener("click", () => {
      tool = name;
      for (const other of ["move", "box", "lasso"]) byId(other).setAttribute("aria-pressed", String(other === name));
      map.classList.toggle("drawing", name !== "move");
    });
  }
  byId("nearer").addEventListener("click", () => zoom(1.5, width / 2, height / 2));
  byId("farther").addEventListener("click", () => zoom(1 / 1.5, width / 2, height / 2));
  byId("all").addEventListener("click", () => fly(home()));
  byId("theme").addEventListener("click", () => { theme = theme === "dark" ? "light" : "dark"; recolor(); });
  dark.addEventListener("change", () => { theme = dark.matches ? "dark" : "light"; recolor(); }); // of the system, or a notebook
  byId("close").addEventListener("click", clear);
  byId("copy").addEventListener("click", copy);
  byId("made").textContent = data.made;
  if (window.innerWidth < 700) byId("legend").open = false;

  index();
  recolor(); resizePoints();
  new ResizeObserver(resize).observe(map);
  resize();
  draw();
  // for tests, and for whoever wants to look: times of frames in milliseconds, where a word is, what is shown
  window.atlas = {
    frames,
    placeOf: (word) => { const i = words.indexOf(word); return [xs[i] * view.scale + view.left, ys[i] * view.scale + view.top]; },
    get view() { return { ...view }; },
    get selected() { return selected < 0 ? null : words[selected]; },
    get region() { return region ? [...region].map((i) => words[i]) : null; },
    get labels() { return labeled.map((i) => words[i]); },
    firstPaint: performance.now(),
  };
})();
