// The sheet of the chosen station: at the side on a wide screen, at the bottom of a phone's.

import {Fragment} from './fragment.js';

export class Sheet {
  /** @param {HTMLElement} element @param {() => void} closed */
  constructor(element, closed) {
    this.element = element;
    this.closed = closed;
    this.station = null;
    this.opener = null;
    this.content = document.createElement('div');
    this.fragment = new Fragment(this.content);
    element.append(this.makeBar(), this.content);
    element.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
  }

  makeBar() {
    const {close, expand, reduce} = this.element.dataset;
    const bar = document.createElement('div');
    bar.className = 'sheet-bar';
    const size = button(expand, () => {
      const isTall = this.element.classList.toggle('tall');
      size.textContent = isTall ? reduce : expand;
      size.setAttribute('aria-expanded', String(isTall));
    });
    size.className = 'size';
    size.setAttribute('aria-expanded', 'false');
    bar.append(size, button(close, () => this.close()));
    return bar;
  }

  /** @param {string} station */
  async open(station) {
    if (!this.station) {
      this.opener = document.activeElement;
      this.openerCard = this.opener?.closest('.card')?.dataset.id;
    }
    this.station = station;
    if (!(await this.reload())) {
      if (this.station === station) this.hide();
      return;
    }
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.focusTitle();
  }

  /** Show the present state without moving the reader. */
  async reload() {
    if (!this.station) return false;
    const hadFocus = this.content.contains(document.activeElement);
    const isShown = await this.fragment.load(`/station/${this.station}?fragment=1`);
    if (hadFocus) this.focusTitle();
    return isShown && this.station !== null;
  }

  focusTitle() {
    this.content.querySelector('#station-title')?.focus({preventScroll: true});
  }

  /** Where the open station is. @returns {[number, number] | null} */
  get place() {
    const {lon, lat} = this.content.querySelector('.station')?.dataset ?? {};
    return lon === undefined ? null : [Number(lon), Number(lat)];
  }

  close() {
    if (!this.station) return;
    this.hide();
    this.closed();
  }

  /** Close without a new step in the history (the reader went back). */
  hide() {
    this.station = null;
    this.element.hidden = true;
    this.content.replaceChildren();
    // The list may have been drawn anew while the sheet was open.
    const card = this.openerCard && document.querySelector(`.card[data-id="${this.openerCard}"] a`);
    (card || this.opener)?.focus?.();
  }
}

function button(text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', act);
  return made;
}
