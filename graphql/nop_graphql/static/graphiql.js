"use strict";

const EXAMPLE = `# Fast chargers near the centre of Mumbai that are free now, nearest first.
# Ctrl-Space completes, Ctrl-Enter runs; the book on the left is the documentation.
query FreeFastChargers {
  locations(
    near: { lat: 19.07, lon: 72.88, radiusM: 20000 }
    filter: { minPowerW: 50000, status: [AVAILABLE] }
    first: 10
  ) {
    totalCount
    edges {
      node {
        name
        address
        distanceM
        isSimulated
        operator { name }
        availability { available total }
        evses {
          evseId
          status
          statusDetail { lastChanged lastSeen isStale }
          connectors { standard powerType maxElectricPowerW price { text } }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

async function fetcher(request) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  return response.json();
}

const given = new URLSearchParams(location.search);
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    query: given.get("query") || undefined,
    variables: given.get("variables") || undefined,
    defaultQuery: EXAMPLE,
    defaultEditorToolsVisibility: false,
  }),
);
