// Pictures on the map: a disc with a glyph for one station, a ring of shares for several.

/** States of one EVSE, in the order in which a ring shows them. */
export const COUNTED = ['available', 'busy', 'out', 'unknown', 'planned'];

/** A ring's parts are rounded to this many, so that a few hundred pictures serve every ring. */
export const RING_PARTS = 16;

const SHARP = 2; // pixels per unit: pictures stay sharp on dense screens

/**
 * @typedef {{fill: string, ink: string, glyph: string, is_solid: boolean, is_dashed: boolean}} Look
 */

/** Draws what the map's layers name and was not yet drawn. */
export class Marks {
  /** @param {Record<string, Look>} looks @param {string} outline */
  constructor(looks, outline) {
    this.looks = looks;
    this.outline = outline;
  }

  /** @param {import('../vendor/maplibre-gl/maplibre-gl.mjs').Map} map */
  attach(map) {
    map.setMissingStyleImageResolver((name) => {
      const [kind, ...rest] = name.split('|');
      if (kind === 'station') map.addImage(name, this.station(rest[0]), {pixelRatio: SHARP});
      if (kind === 'ring') {
        map.addImage(name, this.ring(Number(rest[0]), rest[1].split(',').map(Number)), {pixelRatio: SHARP});
      }
    });
  }

  /** @param {string} state @returns {ImageData} */
  station(state) {
    const look = this.looks[state];
    const [context, finish] = canvas(26);
    context.translate(1, 1);
    disc(context, 12, 12, 10.5, look.fill);
    context.strokeStyle = this.outline;
    context.lineWidth = 1.5;
    if (look.is_dashed) context.setLineDash([3.6, 3]);
    context.stroke();
    context.setLineDash([]);
    const glyph = new Path2D(look.glyph);
    if (look.is_solid) {
      context.fillStyle = look.ink;
      context.fill(glyph);
    } else {
      context.strokeStyle = look.ink;
      context.lineWidth = 2.6;
      context.lineCap = context.lineJoin = 'round';
      context.stroke(glyph);
    }
    return finish();
  }

  /** @param {number} size of the picture @param {number[]} parts one per COUNTED state @returns {ImageData} */
  ring(size, parts) {
    const [context, finish] = canvas(size);
    const middle = size / 2;
    const outer = middle - 1.5;
    const inner = outer - Math.max(5, size / 8);
    const whole = parts.reduce((sum, part) => sum + part, 0) || 1;
    let angle = -Math.PI / 2;
    parts.forEach((part, n) => {
      if (!part) return;
      const end = angle + (part / whole) * 2 * Math.PI;
      context.beginPath();
      context.moveTo(middle, middle);
      context.arc(middle, middle, outer, angle, end);
      context.closePath();
      context.fillStyle = this.looks[COUNTED[n]].fill;
      context.fill();
      context.strokeStyle = this.outline;
      context.lineWidth = part === whole ? 0.01 : 1;
      context.stroke();
      angle = end;
    });
    context.strokeStyle = this.outline;
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(middle, middle, outer, 0, 2 * Math.PI);
    context.stroke();
    disc(context, middle, middle, inner, '#ffffff');
    context.lineWidth = 1;
    context.stroke();
    return finish();
  }
}

/** @param {number} size @returns {[CanvasRenderingContext2D, () => ImageData]} */
function canvas(size) {
  const element = document.createElement('canvas');
  element.width = element.height = size * SHARP;
  const context = element.getContext('2d');
  context.scale(SHARP, SHARP);
  return [context, () => context.getImageData(0, 0, element.width, element.height)];
}

function disc(context, x, y, radius, fill) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
}
