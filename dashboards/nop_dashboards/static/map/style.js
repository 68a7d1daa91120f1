// The style of the map: the built-in outlines below, the stations above.

import {readLayer} from './outline.js';
import {COUNTED, RING_PARTS} from './marks.js';

export const SOURCE = 'stations';
export const SOURCE_LAYER = 'locations';
export const RINGS = 'rings';

/**
 * The outline map.
 * @param {string} url of the TopoJSON file
 * @param {string} country ISO 3166 alpha-2 code of the nation, drawn lighter than its neighbours
 */
export async function outlineStyle(url, country) {
  const topology = await (await fetch(url)).json();
  const source = (name) => ({
    type: 'geojson',
    data: readLayer(topology, name),
    attribution: name === 'countries' ? 'Unofficial outline: Natural Earth (public domain)' : undefined,
  });
  const names = (id, name, colour, size, zooms) => ({
    id,
    type: 'symbol',
    source: name,
    filter: ['step', ['zoom'], ['==', ['get', 'rank'], 0], zooms[0], ['<=', ['get', 'rank'], 1], zooms[1], true],
    layout: {'text-field': ['get', 'name'], 'text-size': size, 'text-max-width': 7, 'text-font': ['sans-serif']},
    paint: {'text-color': colour, 'text-halo-color': '#ffffffcc', 'text-halo-width': 1.4},
  });
  return {
    version: 8,
    sources: Object.fromEntries(['countries', 'states', 'country_names', 'state_names'].map((name) => [name, source(name)])),
    layers: [
      {id: 'sea', type: 'background', paint: {'background-color': '#d3e2ec'}},
      {id: 'land', type: 'fill', source: 'countries', paint: {'fill-color': ['case', ['==', ['get', 'iso_a2'], country], '#fdfcf9', '#eeece6']}},
      {id: 'state-lines', type: 'line', source: 'states', minzoom: 3, paint: {'line-color': '#c3bdb1', 'line-width': ['interpolate', ['linear'], ['zoom'], 3, 0.4, 9, 1.4]}},
      {id: 'country-lines', type: 'line', source: 'countries', paint: {'line-color': '#8f8a80', 'line-width': ['interpolate', ['linear'], ['zoom'], 2, 0.5, 9, 1.8]}},
      {...names('state-names', 'state_names', '#7d776c', 11.5, [6, 7]), minzoom: 4.6},
      {...names('country-names', 'country_names', '#5d584f', 13, [4, 5]), maxzoom: 7},
    ],
  };
}

/** Where the tiles are; the filter is part of the address. @param {string} query */
export function tileAddress(query) {
  return `${location.origin}/tiles/locations/{z}/{x}/{y}.mvt${query ? `?${query}` : ''}`;
}

/** @param {string} query the filter */
export function stationSource(query) {
  return {type: 'vector', tiles: [tileAddress(query)], minzoom: 0, maxzoom: 16};
}

const count = (state) => ['coalesce', ['get', `n_${state}`], 0];
const part = (state) => ['to-string', ['round', ['/', ['*', RING_PARTS, count(state)], ['get', 'n_evse']]]];
const size = ['step', ['get', 'n_evse'], '38', 100, '46', 1000, '54', 10000, '62'];
const short = ['case',
  ['>=', ['get', 'n_evse'], 10000], ['concat', ['to-string', ['round', ['/', ['get', 'n_evse'], 1000]]], 'k'],
  ['>=', ['get', 'n_evse'], 1000], ['concat', ['to-string', ['/', ['round', ['/', ['get', 'n_evse'], 100]], 10]], 'k'],
  ['to-string', ['get', 'n_evse']]];

const shown = {'icon-allow-overlap': true, 'icon-ignore-placement': true};

/**
 * One layer a state: a picture's name cannot follow the live state, its opacity can.
 * @param {string[]} states
 */
export function stationLayers(states) {
  return [
    {
      id: 'chosen',
      type: 'circle',
      source: SOURCE,
      'source-layer': SOURCE_LAYER,
      filter: ['has', 'state'],
      paint: {
        'circle-radius': 19,
        'circle-color': '#123a5c',
        'circle-opacity': ['case', ['boolean', ['feature-state', 'chosen'], false], 0.3, 0],
        'circle-stroke-color': '#123a5c',
        'circle-stroke-width': ['case', ['boolean', ['feature-state', 'chosen'], false], 3, 0],
      },
    },
    // What can be used lies on top.
    ...states.toReversed().map((state) => ({
      id: stationLayer(state),
      type: 'symbol',
      source: SOURCE,
      'source-layer': SOURCE_LAYER,
      filter: ['has', 'state'],
      layout: {...shown, 'icon-image': `station|${state}`, 'icon-size': ['interpolate', ['linear'], ['zoom'], 5, 0.7, 11, 0.75, 12, 0.62, 14, 1, 16, 1.15]},
      paint: {
        'icon-opacity': ['case', ['==', ['coalesce', ['feature-state', 'state'], ['get', 'state']], state], 1, 0],
        'icon-opacity-transition': {duration: 0},
      },
    })),
    {
      id: RINGS,
      type: 'symbol',
      source: SOURCE,
      'source-layer': SOURCE_LAYER,
      filter: ['!', ['has', 'state']],
      layout: {
        ...shown,
        'icon-image': ['concat', 'ring|', size, '|', ...COUNTED.flatMap((state, n) => (n ? [',', part(state)] : [part(state)]))],
        'text-field': short,
        'text-size': ['step', ['get', 'n_evse'], 12, 100, 13, 1000, 14],
        'text-font': ['sans-serif'],
        'text-allow-overlap': true,
        'text-ignore-placement': true,
        'symbol-sort-key': ['get', 'n_evse'],
      },
      paint: {'text-color': '#1b2733'},
    },
  ];
}

/** @param {string} state */
export function stationLayer(state) {
  return `station-${state}`;
}
