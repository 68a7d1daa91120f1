// What the page shows is in its address: `?filters&station=ID#zoom/latitude/longitude`.

const FILTERS = ['connector', 'min_power', 'available', 'operator'];

/** The filter in the server's one spelling. @param {URLSearchParams | FormData} from @returns {string} */
export function filterQuery(from) {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = from.get(name);
    if (value) query.set(name, String(value));
  }
  return query.toString();
}

/** @returns {{zoom: number, lat: number, lon: number} | null} the view in the address, if it is one */
export function readView() {
  const [zoom, lat, lon] = location.hash.slice(1).split('/').map(Number);
  const good = [zoom, lat, lon].every(Number.isFinite) && zoom >= 0 && zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return good ? {zoom, lat, lon} : null;
}

/** @returns {string | null} the chosen station */
export function readStation() {
  const id = new URLSearchParams(location.search).get('station');
  return id && /^[0-9]{1,16}$/.test(id) ? id : null;
}

/**
 * @param {{filter: string, station: string | null, view: {zoom: number, lat: number, lon: number}}} shown
 * @param {boolean} isStep whether Back should return here
 */
export function writeAddress({filter, station, view}, isStep) {
  const query = new URLSearchParams(filter);
  if (station) query.set('station', station);
  const hash = `${view.zoom.toFixed(2)}/${view.lat.toFixed(5)}/${view.lon.toFixed(5)}`;
  const address = `/${query.size ? `?${query}` : ''}#${hash}`;
  if (isStep) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}

/** `west,south,east,north` on the globe. @param {{getWest(): number, getSouth(): number, getEast(): number, getNorth(): number}} bounds */
export function boxText(bounds, margin = 0) {
  const wide = (bounds.getEast() - bounds.getWest()) * margin;
  const high = (bounds.getNorth() - bounds.getSouth()) * margin;
  const box = [
    Math.max(-180, bounds.getWest() - wide), Math.max(-85, bounds.getSouth() - high),
    Math.min(180, bounds.getEast() + wide), Math.min(85, bounds.getNorth() + high),
  ];
  // A map turned over the date line shows the world's box: correct, if wide.
  return (box[0] < box[2] ? box : [-180, -85, 180, 85]).map((degrees) => degrees.toFixed(5)).join(',');
}
