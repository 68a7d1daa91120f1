// Reads TopoJSON: https://github.com/topojson/topojson-specification. Lines that two countries share
// are stored once there, which makes the base map a third as large as GeoJSON.

/**
 * @typedef {{type: string, arcs?: any, coordinates?: any, properties?: object, geometries?: any[]}} Geometry
 * @param {{arcs: number[][][], transform: {scale: number[], translate: number[]}, objects: Record<string, Geometry>}} topology
 * @param {string} name
 * @returns {GeoJSON.FeatureCollection}
 */
export function readLayer(topology, name) {
  const {scale, translate} = topology.transform;
  const place = ([x, y]) => [x * scale[0] + translate[0], y * scale[1] + translate[1]];

  /** An arc's points: each is stored as the step from the one before. */
  const arc = (number) => {
    let x = 0;
    let y = 0;
    const points = topology.arcs[number < 0 ? ~number : number].map(([dx, dy]) => place([(x += dx), (y += dy)]));
    return number < 0 ? points.reverse() : points;
  };
  const line = (numbers) => numbers.flatMap((number, n) => (n ? arc(number).slice(1) : arc(number)));
  const shapes = {
    Point: (shape) => place(shape.coordinates),
    LineString: (shape) => line(shape.arcs),
    MultiLineString: (shape) => shape.arcs.map(line),
    Polygon: (shape) => shape.arcs.map(line),
    MultiPolygon: (shape) => shape.arcs.map((rings) => rings.map(line)),
  };
  return {
    type: 'FeatureCollection',
    features: topology.objects[name].geometries
      .filter((shape) => shape.type in shapes)
      .map((shape) => ({
        type: 'Feature',
        properties: shape.properties ?? {},
        geometry: {type: shape.type, coordinates: shapes[shape.type](shape)},
      })),
  };
}
