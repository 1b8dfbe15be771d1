"""The GraphQL documents of the benchmarks, as a phone's or a desk's page would send them."""

CREW = """
query Crew($statuses: [IncidentStatus!], $first: Int!) {
  viewer { crew { incidents(filter: {statuses: $statuses}, orderBy: MOST_URGENT_FIRST, first: $first) {
    nodes { id status description location category { name icon colour } neighbourhood { name } }
  } } }
}"""

WINDOW = """
query Window($ward: String!, $within: BoundingBox!, $first: Int!) {
  ward(code: $ward) { incidents(filter: {within: $within}, first: $first) {
    nodes { id location status category { name icon colour } neighbourhood { name } }
  } }
}"""

NEIGHBOURHOODS = """
query Neighbourhoods($ids: [ID!]!, $statuses: [IncidentStatus!]) {
  nodes(ids: $ids) { ... on Neighbourhood {
    id name boundary team { id name } incidents(filter: {statuses: $statuses}, first: 1) { totalCount }
  } }
}"""

LOCATE = """
query Locate($position: GeoJSONPoint!) {
  locate(position: $position) { ward { code name } neighbourhood { id name } team { id name } }
}"""

REPORT = """
mutation Report($input: ReportIncidentInput!) {
  reportIncident(input: $input) {
    __typename
    ... on ReportIncidentPayload {
      reporterSecret
      incident { id trackingCode status category { name } neighbourhood { name } }
    }
    ... on UserError { code message }
  }
}"""
