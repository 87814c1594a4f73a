"use strict";
// What is drawn over the points, and the key, as marks: lines, rings, dots, boxes and texts. A canvas and a file get the same.
const pictures = (() => {
  const FONT_SIZE = 12, FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
  const FONT = `${FONT_SIZE}px ${FAMILY}`, WIDEST = 300;

  const painters = {
    line(context, { from, to }) { context.beginPath(); context.moveTo(...from); context.lineTo(...to); context.stroke(); },
    ring(context, { at, radius }) { context.beginPath(); context.arc(...at, radius, 0, 7); context.stroke(); },
    dot(context, { at, radius }) { context.beginPath(); context.arc(...at, radius, 0, 7); context.fill(); },
    box(context, { at, size, round = 0, stroke }) {
      context.beginPath(); context.roundRect(...at, ...size, round); context.fill();
      if (stroke) context.stroke();
    },
    text(context, { at, text, halo }) {
      if (halo) context.strokeText(text, ...at);
      context.fillText(text, ...at);
    },
  };
  function paint(context, marks) {
    context.font = FONT; context.textBaseline = "middle"; context.lineJoin = "round";
    for (const mark of marks) {
      context.globalAlpha = mark.opacity ?? 1;
      context.fillStyle = mark.fill ?? "#000";
      context.strokeStyle = mark.halo ?? mark.stroke ?? mark.fill;
      context.lineWidth = mark.halo ? 3 : mark.width ?? 1;
      painters[mark.kind](context, mark);
    }
    context.globalAlpha = 1;
  }

  // as much of a text as a label has room for
  function fitted(context, text) {
    context.font = FONT;
    const fits = (some) => context.measureText(some).width <= WIDEST;
    if (text.length <= WIDEST && fits(text)) return text;
    const letters = [...text.slice(0, WIDEST)];
    let low = 0, high = letters.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(`${letters.slice(0, middle).join("")}…`)) low = middle; else high = middle - 1;
    }
    return `${letters.slice(0, low).join("")}…`;
  }

  // a key, at the lower left: lines of colors, none, one or many, and what they mean
  function keyMarks(context, all, height, theme) {
    const ROW = 18, EDGE = 10, lines = all.slice(0, Math.max(1, Math.floor((height - 40) / ROW)));
    const shown = lines.map(({ colors, text }) => ({ colors, text: fitted(context, text), wide: colors.length > 1 ? colors.length : 10 * colors.length }));
    const size = [30 + Math.max(...shown.map(({ text, wide }) => wide + context.measureText(text).width)), ROW * lines.length + 8];
    const top = height - EDGE - size[1];
    return [
      { kind: "box", at: [EDGE, top], size, round: 7, fill: theme.ground, stroke: theme.line, opacity: 0.9 },
      ...shown.flatMap(({ colors, text, wide }, row) => {
        const x = EDGE + 10, y = top + 4 + ROW * (row + 0.5);
        const swatches = colors.length > 1
          ? colors.map((fill, k) => ({ kind: "box", at: [x + k, y - 5], size: [1.2, 10], fill }))
          : colors.map((fill) => ({ kind: "dot", at: [x + 5, y], radius: 5, fill }));
        return [...swatches, { kind: "text", at: [x + wide + (wide && 6), y], text, fill: wide ? theme.ink : theme.soft }];
      }),
    ];
  }

  // ---- SVG: attributes alone, which every program that draws knows
  const escaped = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  const short = (number) => String(Math.round(number * 100) / 100);
  function element(name, attributes, content) {
    const all = Object.entries(attributes).filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : escaped(value)}"`).join("");
    return content === undefined ? `<${name}${all}/>` : `<${name}${all}>${content}</${name}>`;
  }
  const opacity = (mark) => (mark.opacity === undefined || mark.opacity === 1 ? undefined : mark.opacity);
  const writers = {
    line: (m) => element("line", { x1: m.from[0], y1: m.from[1], x2: m.to[0], y2: m.to[1], stroke: m.stroke,
      "stroke-width": m.width, "stroke-opacity": opacity(m) }),
    ring: (m) => element("circle", { cx: m.at[0], cy: m.at[1], r: m.radius, fill: "none", stroke: m.stroke, "stroke-width": m.width }),
    dot: (m) => element("circle", { cx: m.at[0], cy: m.at[1], r: m.radius, fill: m.fill, "fill-opacity": opacity(m) }),
    box: (m) => element("rect", { x: m.at[0], y: m.at[1], width: m.size[0], height: m.size[1], rx: m.round, fill: m.fill,
      "fill-opacity": opacity(m), stroke: m.stroke }),
    text(m, down) { // the halo is a text of its own, under the other: few programs know paint-order
      const place = { x: m.at[0], y: m.at[1] + down, opacity: opacity(m) };
      const halo = m.halo && element("text", { ...place, fill: m.halo, stroke: m.halo, "stroke-width": 3, "stroke-linejoin": "round" }, escaped(m.text));
      return (halo ?? "") + element("text", { ...place, fill: m.fill }, escaped(m.text));
    },
  };
  // how far the line that letters stand on is below their middle
  function downFromMiddle(context) {
    const [middle, line] = ["middle", "alphabetic"].map((baseline) => {
      context.font = FONT; context.textBaseline = baseline;
      return context.measureText("x").fontBoundingBoxAscent;
    });
    return line - middle;
  }
  function svg({ width, height, ground, title, about }, marks, context) {
    const down = downFromMiddle(context);
    const root = { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`,
      "font-family": FAMILY, "font-size": FONT_SIZE, "xml:space": "preserve" };
    const lines = [element("title", {}, escaped(title)), element("desc", {}, escaped(about)),
      element("rect", { width, height, fill: ground }), ...marks.map((mark) => writers[mark.kind](mark, down))];
    return `<?xml version="1.0" encoding="UTF-8"?>\n${element("svg", root, `\n${lines.join("\n")}\n`)}\n`;
  }

  // ---- files
  function fileName(parts, ending) {
    const name = parts.join("-").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
    return `${[...name].slice(0, 80).join("") || "map"}.${ending}`;
  }
  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob); link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  return { FONT, paint, fitted, keyMarks, svg, fileName, save };
})();
