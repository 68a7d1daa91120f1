// Follows what the worker does: asks for the part of the page that changes until it is finished.
// What is new is said to screen readers by a region that stays: one that came with it might be missed.

const PAUSE_MS = 900;
const part = document.getElementById('part');
if (part?.dataset.follow) setTimeout(follow, PAUSE_MS);

async function follow() {
  let html = null;
  try {
    const answer = await fetch(part.dataset.follow);
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (answer.ok) html = await answer.text();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // no network: try again
  }
  const parsed = html && new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  // What is shown once is shown with the page, not to a poll.
  if (parsed?.dataset.finished === 'yes' && part.dataset.reload) return location.reload();
  if (parsed && parsed.outerHTML !== part.firstElementChild?.outerHTML) {
    const hadFocus = part.contains(document.activeElement);
    const open = [...part.querySelectorAll('details')].map((one) => one.open);
    part.replaceChildren(parsed);
    part.querySelectorAll('details').forEach((one, n) => (one.open = open[n] ?? one.open));
    if (hadFocus) document.getElementById('content').focus();
    say();
  }
  if (parsed?.dataset.finished === 'yes') part.dataset.follow = '';
  else setTimeout(follow, PAUSE_MS);
}

function say() {
  const text = [...part.querySelectorAll('[data-say]')].map((one) => one.textContent.trim()).join(' ').replace(/\s+/g, ' ');
  const region = document.getElementById('said');
  if (region.textContent !== text) region.textContent = text;
}
