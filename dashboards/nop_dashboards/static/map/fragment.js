// Parts of the page come from the server as HTML whose values are escaped there.

/** Fetch HTML and put it into an element. Markup is parsed inertly: nothing in it can run. */
export class Fragment {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.request = null;
  }

  /** @returns {string | undefined} the station of the card that has the focus */
  focusedCard() {
    if (!this.element.contains(document.activeElement)) return undefined;
    return document.activeElement.closest('.card')?.dataset.id;
  }

  /**
   * The newest request wins. @param {string} address @returns {Promise<boolean>} whether it was shown
   */
  async load(address) {
    this.request?.abort();
    const request = (this.request = new AbortController());
    try {
      const answer = await fetch(address, {signal: request.signal});
      if (!answer.ok) return false;
      const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (request.signal.aborted) return false;
      const focused = this.focusedCard(); // whoever reads by keyboard stays where they are
      this.element.replaceChildren(...parsed.body.childNodes);
      if (focused) this.element.querySelector(`.card[data-id="${focused}"] a`)?.focus({preventScroll: true});
      return true;
    } catch (error) {
      if (error.name === 'AbortError' || error instanceof TypeError) return false; // gone, or no network
      throw error;
    }
  }
}

/**
 * Run at most once in `pause` milliseconds, and always once at least that long after the last asking:
 * what is asked for takes a moment until every cache on the way has it.
 */
export function calmly(pause, run) {
  let timer = 0;
  let asked = 0;
  const wait = () => {
    const before = asked;
    timer = setTimeout(() => {
      timer = 0;
      run();
      if (asked > before) wait();
    }, pause);
  };
  return () => {
    asked += 1;
    if (!timer) wait();
  };
}
