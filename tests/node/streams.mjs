// What the followers of a build ask for, whatever carries it.
export const documents = {
  log: `subscription Log($id: ID!, $after: String) { stream: buildLog(buildId: $id, after: $after) { __typename
    ... on StreamEvent { cursor } ... on LogBatch { lines { seq stageId stream text } } ... on LogGap { cause }
    ... on StreamEnded { reason } } }`,
  state: `fragment Stages on Stage { id key revision status }
    subscription State($id: ID!, $after: String) { stream: buildUpdates(buildId: $id, after: $after) { __typename
    ... on StreamEvent { cursor } ... on BuildSnapshot { reset build { revision status stages { ...Stages } } }
    ... on BuildChanged { build { revision status } } ... on StagesChanged { build { revision status } stages { ...Stages } }
    ... on StreamEnded { reason } } }`,
};
