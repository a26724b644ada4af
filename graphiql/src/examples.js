// The tabs of a first visit. Each example of the file begins with a line `### title`; a line `# variables: {…}` fills the
// variables editor.
import text from "../examples.graphql";

const VARIABLES = /^# variables: (.*)$/m;

export const examples = text
  .split(/^### .*\n/m)
  .map((example) => example.trim())
  .filter((example) => /^(query|mutation|subscription|\{)/m.test(example))
  .map((example) => {
    const variables = VARIABLES.exec(example)?.[1];
    return {
      query: `${example.replace(VARIABLES, "").trim()}\n`,
      variables: variables ? JSON.stringify(JSON.parse(variables), null, 2) : undefined,
    };
  });
