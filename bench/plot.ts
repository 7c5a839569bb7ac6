/**
 * A plot as SVG: lines on logarithmic axes, so that one picture holds thousands and millions.
 *
 * @module
 */

/** One line of a plot. */
export interface Series {
  readonly name: string;
  /** Pairs of x and y, both above 0. */
  readonly points: readonly (readonly [number, number])[];
}

/** What a plot shows. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 80;
const RIGHT = 200;
const TOP = 40;
const BOTTOM = 60;
const COLOURS = ["#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#a16207", "#475569", "#be185d", "#0f766e"];

/** Draws it. */
export function toSvg({ title, x, y, series }: Plot): string {
  const all = series.flatMap(({ points }) => points);
  const [fromX, toX] = decades(all.map(([value]) => value));
  const [fromY, toY] = decades(all.map(([, value]) => value));
  const across = (value: number) => LEFT + (Math.log10(value) - fromX) / (toX - fromX) * (WIDTH - LEFT - RIGHT);
  const down = (value: number) =>
    HEIGHT - BOTTOM - (Math.log10(value) - fromY) / (toY - fromY) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(LEFT, 24, title, "start", 14),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x, "middle"),
    `<g transform="rotate(-90 20 ${(TOP + HEIGHT - BOTTOM) / 2})">${
      text(20, (TOP + HEIGHT - BOTTOM) / 2, y, "middle")
    }</g>`,
  ];
  for (let power = fromX; power <= toX; power++) {
    parts.push(line(across(10 ** power), TOP, across(10 ** power), HEIGHT - BOTTOM, "#ddd"));
    parts.push(text(across(10 ** power), HEIGHT - BOTTOM + 18, label(power), "middle"));
  }
  for (let power = fromY; power <= toY; power++) {
    parts.push(line(LEFT, down(10 ** power), WIDTH - RIGHT, down(10 ** power), "#ddd"));
    parts.push(text(LEFT - 8, down(10 ** power) + 4, label(power), "end"));
  }
  series.forEach(({ name, points }, at) => {
    const colour = COLOURS[at % COLOURS.length];
    const path = points.map(([px, py]) => `${across(px).toFixed(1)},${down(py).toFixed(1)}`);
    parts.push(`<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [px, py] of points) {
      parts.push(`<circle cx="${across(px).toFixed(1)}" cy="${down(py).toFixed(1)}" r="3.5" fill="${colour}"/>`);
    }
    const row = TOP + 12 + at * 20;
    parts.push(line(WIDTH - RIGHT + 16, row - 4, WIDTH - RIGHT + 36, row - 4, colour, 2));
    parts.push(text(WIDTH - RIGHT + 42, row, name, "start"));
  });
  return `${[...parts, "</svg>"].join("\n")}\n`;
}

/** The powers of ten around some values. */
function decades(values: readonly number[]): [number, number] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  return [from, Math.max(to, from + 1)];
}

function label(power: number): string {
  return power < 0 ? (10 ** power).toFixed(-power) : (10 ** power).toLocaleString("en-US");
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width = 1): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${
    y2.toFixed(1)
  }" stroke="${colour}" stroke-width="${width}"/>`;
}

function text(x: number, y: number, words: string, anchor: string, size = 12): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${safe}</text>`;
}
