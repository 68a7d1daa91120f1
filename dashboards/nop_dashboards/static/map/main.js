// The map page: puts the parts together. Without this file the page still lists every station.

import {AttributionControl, GeolocateControl, Map as MapLibreMap, NavigationControl, ScaleControl} from '../vendor/maplibre-gl/maplibre-gl.mjs';
import {boxText, filterQuery, readStation, readView, writeAddress} from './address.js';
import {calmly, Fragment} from './fragment.js';
import {Live} from './live.js';
import {Marks} from './marks.js';
import {Sheet} from './sheet.js';
import {outlineStyle, RINGS, SOURCE, SOURCE_LAYER, stationLayer, stationLayers, stationSource, tileAddress} from './style.js';

const TILES_EVERY_MS = 4500; // the counts follow within a second, the server keeps a tile for three
const LIST_EVERY_MS = 2000;

const stage = document.getElementById('map');
const listElement = document.getElementById('list');
const form = document.getElementById('filters');
const looks = JSON.parse(stage.dataset.looks);
const states = Object.keys(looks);
const list = new Fragment(listElement);
const places = new Fragment(document.getElementById('places'));
const announcer = document.getElementById('announce');
let filter = filterQuery(new URLSearchParams(location.search));
let laterPage = ''; // query of the list's page, when it is not the first
let isUnsaid = false; // the view or the filter has changed, and the list of it is not there yet

boot().catch((error) => {
  console.error(error);
  const note = document.createElement('p');
  note.className = 'map-note';
  note.textContent = stage.dataset.noWebgl;
  stage.after(note);
});

async function boot() {
  const map = new MapLibreMap({
    container: stage,
    style: stage.dataset.styleUrl || (await outlineStyle(stage.dataset.outline, stage.dataset.country)),
    ...firstView(),
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    attributionControl: false,
    fadeDuration: 0,
    transformRequest: (url) => (url.includes('/tiles/') ? {url, cache: 'no-cache'} : {url}), // asks, and is told 304
  });
  stage.map = map; // for tests and for a curious reader's console
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({showCompass: false}), 'top-right');
  map.addControl(new GeolocateControl({}), 'top-right');
  map.addControl(new AttributionControl({compact: false}), 'bottom-right');
  map.addControl(new ScaleControl({}), 'bottom-right');
  new Marks(looks, stage.dataset.outlineColour).attach(map);
  await new Promise((resolve) => map.once('load', resolve));
  map.addSource(SOURCE, stationSource(filter));
  for (const layer of stationLayers(states)) map.addLayer(layer);

  const sheet = new Sheet(document.getElementById('sheet'), () => {
    remember(map, null, true);
    markChosen(map, null);
  });
  const choose = async (id, isStep = true) => {
    remember(map, id, isStep);
    markChosen(map, id);
    await sheet.open(id);
    reveal(map, sheet);
  };
  const reloadList = () => loadList(map, sheet);
  const live = follow(map, sheet, calmly(LIST_EVERY_MS, reloadList));
  const moved = () => {
    remember(map, sheet.station, false);
    live.follow(map.getBounds());
    laterPage = '';
    isUnsaid = true;
    return reloadList();
  };
  map.on('moveend', moved);
  listenToMap(map, choose);
  listenToPage(map, sheet, choose, reloadList);
  document.querySelector('.legend').open = matchMedia('(min-width: 900px)').matches;
  if (readStation()) await choose(readStation(), false);
  await Promise.all([moved(), drawn(map)]);
  document.body.dataset.ready = 'true';
}

/** The stations of the first view are on the screen. (`idle` may never come while states change.) */
function drawn(map) {
  return new Promise((resolve) => {
    const look = () => {
      if (!map.isSourceLoaded(SOURCE)) return;
      map.off('render', look);
      resolve();
    };
    map.on('render', look);
    map.triggerRepaint();
  });
}

function firstView() {
  const view = readView();
  if (view) return {center: [view.lon, view.lat], zoom: view.zoom};
  const box = (stage.dataset.bbox || stage.dataset.nation).split(',').map(Number);
  return {bounds: box, fitBoundsOptions: {padding: 12}};
}

function remember(map, station, isStep) {
  const {lng, lat} = map.getCenter().wrap();
  writeAddress({filter, station, view: {zoom: map.getZoom(), lat, lon: lng}}, isStep);
}

async function loadList(map, sheet) {
  const box = boxText(map.getBounds());
  if (form.elements.bbox) form.elements.bbox.value = box;
  const isShown = await list.load(`/stations${laterPage || `?bbox=${box}${filter ? `&${filter}` : ''}`}`);
  markCard(sheet.station);
  if (!isShown || !isUnsaid) return; // a newer request, of a live change perhaps, brings the list
  // Say how many stations the view holds: after a move or a filter, not at every live change.
  isUnsaid = false;
  announcer.textContent = listElement.querySelector('.view-summary')?.textContent ?? '';
}

function markCard(id) {
  for (const card of listElement.querySelectorAll('.card')) card.classList.toggle('chosen', card.dataset.id === id);
}

let chosen = null;
function markChosen(map, id) {
  const feature = (station) => ({source: SOURCE, sourceLayer: SOURCE_LAYER, id: station});
  if (chosen) map.removeFeatureState(feature(chosen), 'chosen');
  if (id) map.setFeatureState(feature(id), {chosen: true});
  chosen = id;
  markCard(id);
}

/** Bring the open station to where the sheet does not cover the map. */
function reveal(map, sheet) {
  if (!sheet.place) return;
  const whole = stage.getBoundingClientRect();
  const cover = sheet.element.getBoundingClientRect();
  const isBeside = cover.left > whole.left + 40;
  const right = isBeside ? Math.min(whole.right, cover.left) : whole.right;
  const bottom = isBeside ? whole.bottom : Math.min(whole.bottom, cover.top);
  const {x, y} = map.project(sheet.place);
  const [width, height] = [right - whole.left, bottom - whole.top];
  if (x > 20 && x < width - 20 && y > 20 && y < height - 20) return;
  map.easeTo({center: sheet.place, offset: [(width - whole.width) / 2, (height - whole.height) / 2]});
}

function follow(map, sheet, reloadList) {
  const note = document.getElementById('live');
  const refreshTiles = calmly(TILES_EVERY_MS, () => map.refreshTiles(SOURCE));
  return new Live({
    changed(rows) {
      // Under a filter a mark stands for the matching EVSEs: their states come with the tiles.
      for (const {id, state} of filter ? [] : rows) map.setFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER, id}, {state});
      refreshTiles();
      if (rows.some(({id}) => String(id) === sheet.station)) sheet.reload();
      reloadList();
    },
    reset() {
      forgetStates(map);
      refreshTiles();
      sheet.reload();
      reloadList();
    },
    on(isOn, isFirst) {
      note.hidden = false;
      note.classList.toggle('on', isOn);
      note.textContent = isOn ? note.dataset.on : note.dataset.off;
      document.body.dataset.live = String(isOn);
      if (!isFirst) return;
      refreshTiles(); // what changed between the first answers and the stream is in no message
      reloadList();
    },
  });
}

function listenToMap(map, choose) {
  const layers = [...states.map(stationLayer), RINGS];
  map.on('click', (event) => {
    const found = map.queryRenderedFeatures(around(event.point), {layers});
    const station = found.find((feature) => feature.properties.state);
    const ring = found.find((feature) => !feature.properties.state);
    if (station) choose(String(station.id));
    else if (ring) map.easeTo({center: ring.geometry.coordinates, zoom: Math.min(map.getZoom() + 2, 17)});
  });
  map.on('mousemove', (event) => {
    map.getCanvas().style.cursor = map.queryRenderedFeatures(event.point, {layers}).length ? 'pointer' : '';
  });
}

function forgetStates(map) {
  map.removeFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER});
  markChosen(map, chosen);
}

/** A finger is wider than a mark. */
function around({x, y}) {
  return [[x - 8, y - 8], [x + 8, y + 8]];
}

function listenToPage(map, sheet, choose, reloadList) {
  const setFilter = (query) => {
    filter = query;
    remember(map, sheet.station, false);
    forgetStates(map);
    map.getSource(SOURCE).setTiles([tileAddress(filter)]);
    laterPage = '';
    isUnsaid = true;
    return reloadList();
  };
  const fromForm = () => setFilter(filterQuery(new FormData(form)));
  form.addEventListener('change', fromForm);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    fromForm();
  });
  document.getElementById('clear').addEventListener('click', (event) => {
    event.preventDefault();
    for (const field of form.querySelectorAll('select')) field.value = '';
    form.elements.available.checked = false;
    fromForm();
  });
  listElement.addEventListener('click', (event) => {
    const link = plainLink(event);
    if (!link) return;
    event.preventDefault();
    const {id} = link.closest('.card')?.dataset ?? {};
    if (id) {
      choose(id);
    } else {
      laterPage = new URL(link.href).search;
      reloadList().then(() => listElement.focus());
    }
  });
  places.element.addEventListener('click', (event) => {
    const link = plainLink(event);
    if (!link?.dataset.bbox) return;
    event.preventDefault();
    map.fitBounds(link.dataset.bbox.split(',').map(Number), {padding: 24, maxZoom: 15});
    places.element.replaceChildren();
  });
  const question = document.getElementById('q');
  const ask = calmly(250, () => places.load(`/places?q=${encodeURIComponent(question.value)}`));
  question.addEventListener('input', ask);
  addEventListener('popstate', () => {
    const station = readStation();
    if (station) choose(station, false);
    else {
      sheet.hide();
      markChosen(map, null);
    }
  });
}

/** The link a person followed in this window. */
function plainLink(event) {
  return event.button || event.ctrlKey || event.metaKey || event.shiftKey ? null : event.target.closest('a');
}
