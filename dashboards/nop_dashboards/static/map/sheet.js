// The sheet of the chosen station: at the side on a wide screen, at the bottom of a phone's.

import {Fragment} from './fragment.js';

export class Sheet {
  /** @param {HTMLElement} element @param {() => void} closed */
  constructor(element, closed) {
    this.element = element;
    this.closed = closed;
    this.station = null;
    this.opener = null;
    this.fragment = new Fragment(element);
    element.addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
    this.bar = this.makeBar();
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
    if (this.station !== station) this.opener = document.activeElement;
    this.station = station;
    if (!(await this.reload())) return false;
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.element.querySelector('#station-title')?.focus({preventScroll: true});
    return true;
  }

  /** Show the present state without moving the reader. */
  async reload() {
    if (!this.station) return false;
    const isShown = await this.fragment.load(`/station/${this.station}?fragment=1`, (nodes) => [this.bar, ...nodes]);
    return isShown && this.station !== null;
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
    this.element.replaceChildren();
    this.opener?.focus?.();
  }
}

function button(text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', act);
  return made;
}
