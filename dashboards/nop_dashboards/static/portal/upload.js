// Sends a file in pieces: with progress, and going on where a broken connection left off.

const form = document.getElementById('upload');
const MOST_TRIES = 60;
const LONGEST_PAUSE_MS = 15_000;

if (form) {
  const input = form.elements.file;
  const drop = document.getElementById('drop');
  const status = document.getElementById('sent');
  const box = document.getElementById('sending');
  const bar = box.querySelector('progress');
  listenToDrops(drop, input, status);
  tellInterrupted(status);
  form.addEventListener('submit', async (event) => {
    const file = input.files[0];
    if (!file) return; // the browser says so
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    box.hidden = false;
    try {
      location.assign(await send(file, (share, broken) => {
        bar.value = share;
        const tens = 10 * Math.floor(share / 10); // each change is read out
        const text = say(broken ? form.dataset.interrupted : form.dataset.sending, {name: file.name, percent: tens});
        if (status.textContent !== text) status.textContent = text;
      }));
    } catch (error) {
      status.textContent = error.message;
      button.disabled = false;
    }
  });
}

function listenToDrops(drop, input, status) {
  for (const name of ['dragenter', 'dragover']) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add('is-over');
    });
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('is-over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('is-over');
    const {files} = event.dataTransfer;
    if (files.length === 1) input.files = files;
    status.textContent = files.length > 1 ? form.dataset.oneFile : '';
  });
}

function say(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What identifies a file on this computer, so that its sending can go on after a reload. */
function keyOf(file) {
  return `upload ${form.dataset.begin} ${form.elements.extent.value} ${file.name} ${file.size} ${file.lastModified}`;
}

function tellInterrupted(status) {
  const prefix = `upload ${form.dataset.begin} `;
  const known = Object.keys(localStorage).find((key) => key.startsWith(prefix));
  if (known) status.textContent = say(form.dataset.resume, {name: known.slice(prefix.length).split(' ').slice(1, -2).join(' ')});
}

/** @returns {Promise<string>} the page that follows the file */
async function send(file, tell) {
  const key = keyOf(file);
  let {id, offset, piece} = (await resumed(key)) ?? (await begin(file, key));
  while (offset < file.size) {
    tell(Math.floor((100 * offset) / file.size), false);
    const answer = await patiently(`/portal/uploads/${id}/bytes`, {
      method: 'PATCH',
      headers: {'Upload-Offset': String(offset), 'Content-Type': 'application/octet-stream'},
      body: file.slice(offset, offset + piece),
    }, () => tell(Math.floor((100 * offset) / file.size), true));
    if (!answer.ok && answer.status !== 409) throw new Error(await sentence(answer));
    offset = (await answer.json()).offset;
  }
  tell(100, false);
  const answer = await patiently(`/portal/uploads/${id}/finish`, {method: 'POST'}, () => tell(100, true));
  localStorage.removeItem(key);
  if (!answer.ok) throw new Error(await sentence(answer));
  return (await answer.json()).location;
}

async function begin(file, key) {
  const body = new URLSearchParams({filename: file.name, size: file.size, extent: form.elements.extent.value});
  const answer = await ask(form.dataset.begin, {method: 'POST', body});
  if (!answer.ok) throw new Error(await sentence(answer));
  const begun = await answer.json();
  localStorage.setItem(key, JSON.stringify({id: begun.id, piece: begun.piece}));
  return begun;
}

async function resumed(key) {
  const known = localStorage.getItem(key);
  if (!known) return null;
  const {id, piece} = JSON.parse(known);
  const answer = await ask(`/portal/uploads/${id}/offset`, {});
  const {offset, state} = answer.ok ? await answer.json() : {};
  if (state === 'receiving') return {id, piece, offset};
  localStorage.removeItem(key);
  return null;
}

/** Ask again, ever more slowly, while the network or the server is away. */
async function patiently(address, options, broken) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await ask(address, options);
      if (answer.status < 500 && answer.status !== 429) return answer;
      if (tries >= MOST_TRIES) return answer;
    } catch (error) {
      if (!(error instanceof TypeError) || tries >= MOST_TRIES) throw error;
    }
    broken();
    await new Promise((go) => setTimeout(go, Math.min(500 * 2 ** tries, LONGEST_PAUSE_MS)));
  }
}

async function ask(address, options) {
  const answer = await fetch(address, {...options, headers: {...options.headers, 'X-CSRF-Token': form.dataset.csrf}});
  if (answer.redirected) throw new Error(form.dataset.signedOut); // to the page for signing in
  return answer;
}

/** The sentence of a page that says what went wrong. */
async function sentence(answer) {
  const text = await answer.text();
  const page = new DOMParser().parseFromString(text, 'text/html');
  return page.querySelector('[role=alert]')?.textContent || text.slice(0, 300) || `HTTP ${answer.status}`;
}
