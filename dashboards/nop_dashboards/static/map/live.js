// Live states: one stream of events for a box somewhat larger than the view.

import {boxText} from './address.js';

const MARGIN = 0.5;

export class Live {
  /**
   * @param {{changed(rows: {id: number, state: string}[]): void, reset(): void, on(isOn: boolean, isFirst: boolean): void}} listener
   */
  constructor(listener) {
    this.listener = listener;
    this.stream = null;
    this.box = null;
    this.cursor = '';
  }

  /** Follow what the map shows. A small move stays in the box and keeps the stream. @param {import('../vendor/maplibre-gl/maplibre-gl.mjs').LngLatBounds} view */
  follow(view) {
    if (this.box && this.holds(view)) return;
    this.box = boxText(view, MARGIN).split(',').map(Number);
    this.stream?.close();
    const query = new URLSearchParams({bbox: this.box.join(',')});
    const isFirst = !this.cursor;
    if (!isFirst) query.set('since', this.cursor);
    this.stream = new EventSource(`/events?${query}`);
    this.stream.addEventListener('ready', (event) => this.heard(event, () => this.listener.on(true, isFirst)));
    this.stream.addEventListener('reset', (event) => this.heard(event, () => this.listener.reset()));
    this.stream.addEventListener('message', (event) => this.heard(event, () => this.listener.changed(JSON.parse(event.data))));
    this.stream.addEventListener('error', () => this.lost());
  }

  /** The view lies in the box, and the box is not far too large for it. */
  holds(view) {
    const [west, south, east, north] = this.box;
    const inside = view.getWest() >= west && view.getEast() <= east && view.getSouth() >= south && view.getNorth() <= north;
    return inside && (view.getEast() - view.getWest()) * 16 > east - west;
  }

  heard(event, tell) {
    this.cursor = event.lastEventId || this.cursor;
    tell();
  }

  /** The browser tries again by itself, but not after an answer such as 503. */
  lost() {
    this.listener.on(false, false);
    if (this.stream.readyState !== EventSource.CLOSED) return;
    const view = this.box;
    this.box = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.box ?? this.again(view), 5000);
  }

  again([west, south, east, north]) {
    this.follow({getWest: () => west, getSouth: () => south, getEast: () => east, getNorth: () => north});
  }
}
