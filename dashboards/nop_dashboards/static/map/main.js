// The map page: puts the parts together. Without this file the page still lists every station.

import {AttributionControl, GeolocateControl, Map as MapLibreMap, NavigationControl, ScaleControl} from '../vendor/maplibre-gl/maplibre-gl.mjs';
import {boxText, filterQuery, readStation, readView, writeAddress} from './address.js';
import {calmly, Fragment} from './fragment.js';
import {Live} from './live.js';
import {Marks} from './marks.js';
import {Sheet} from './sheet.js';
import {outlineStyle, RINGS, SOURCE, SOURCE_LAYER, stationLayer, stationLayers, stationSource, tileAddress} from './style.js';

const TILES_EVERY_MS = 6000; // tiles may be cached for 5 seconds
const LIST_EVERY_MS = 2000;

const stage = document.getElementById('map');
const listElement = document.getElementById('list');
const form = document.getElementById('filters');
const looks = JSON.parse(stage.dataset.looks);
const states = Object.keys(looks);
const list = new Fragment(listElement);
const places = new Fragment(document.getElementById('places'));
let filter = filterQuery(new URLSearchParams(location.search));

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
  });
  stage.map = map; // for tests and for a curious reader's console
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({showCompass: false}), 'top-right');
  map.addControl(new GeolocateControl({}), 'top-right');
  map.addControl(new ScaleControl({}), 'bottom-right');
  map.addControl(new AttributionControl({compact: false}), 'bottom-right');
  new Marks(looks, stage.dataset.outlineColour).attach(map);
  await new Promise((resolve) => map.once('load', resolve));
  map.addSource(SOURCE, stationSource(filter));
  for (const layer of stationLayers(states)) map.addLayer(layer);

  const sheet = new Sheet(document.getElementById('sheet'), () => remember(map, null, true));
  const choose = (id, isStep = true) => {
    remember(map, id, isStep);
    markChosen(id);
    return sheet.open(id);
  };
  const reloadList = () => loadList(map, sheet);
  const live = follow(map, sheet, calmly(LIST_EVERY_MS, reloadList));
  const moved = () => {
    remember(map, sheet.station, false);
    live.follow(map.getBounds());
    return reloadList();
  };
  map.on('moveend', moved);
  listenToMap(map, choose);
  listenToPage(map, sheet, choose, reloadList);
  if (readStation()) await choose(readStation(), false);
  await moved();
  document.body.dataset.ready = 'true';
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
  await list.load(`/stations?bbox=${box}${filter ? `&${filter}` : ''}`);
  markChosen(sheet.station);
}

function markChosen(id) {
  for (const card of listElement.querySelectorAll('.card')) card.classList.toggle('chosen', card.dataset.id === id);
}

function follow(map, sheet, reloadList) {
  const note = document.getElementById('live');
  const refreshTiles = calmly(TILES_EVERY_MS, () => map.refreshTiles(SOURCE));
  return new Live({
    changed(rows) {
      for (const {id, state} of rows) map.setFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER, id}, {state});
      if (filter) map.removeFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER}); // states of the filter's EVSEs come with the tiles
      refreshTiles();
      if (rows.some(({id}) => String(id) === sheet.station)) sheet.reload();
      reloadList();
    },
    reset() {
      map.removeFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER});
      refreshTiles();
      sheet.reload();
      reloadList();
    },
    on(isOn) {
      note.hidden = false;
      note.classList.toggle('on', isOn);
      note.textContent = isOn ? note.dataset.on : note.dataset.off;
      document.body.dataset.live = String(isOn);
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

/** A finger is wider than a mark. */
function around({x, y}) {
  return [[x - 8, y - 8], [x + 8, y + 8]];
}

function listenToPage(map, sheet, choose, reloadList) {
  const setFilter = (query) => {
    filter = query;
    remember(map, sheet.station, false);
    map.removeFeatureState({source: SOURCE, sourceLayer: SOURCE_LAYER});
    map.getSource(SOURCE).setTiles([tileAddress(filter)]);
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
    const {id, lon, lat} = link.closest('.card')?.dataset ?? {};
    if (id) {
      if (!map.getBounds().contains([Number(lon), Number(lat)])) map.easeTo({center: [Number(lon), Number(lat)]});
      choose(id);
    } else {
      list.load(`/stations${new URL(link.href).search}`).then(() => listElement.focus());
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
    else sheet.station && sheet.hide();
  });
}

/** The link a person followed in this window. */
function plainLink(event) {
  return event.button || event.ctrlKey || event.metaKey || event.shiftKey ? null : event.target.closest('a');
}
