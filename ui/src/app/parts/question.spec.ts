import { describe, expect, it } from "vitest";

import type { ParameterBitsFragment, RegisterProviderMutation } from "../api/operations";
import { reply } from "../testing/fixtures";
import {
  grouped,
  heldByEngine,
  parameterDefaults,
  parameterInputs,
  parameterQuestions,
  settingInputs,
  settingQuestions,
  written,
  wrong,
} from "./question";

const parameter = (kind: ParameterBitsFragment["kind"], more: Partial<ParameterBitsFragment> = {}): ParameterBitsFragment => ({
  name: kind.toLowerCase(),
  label: kind,
  help: null,
  kind,
  required: false,
  defaultValue: null,
  choices: null,
  ...more,
});

describe("parameters", () => {
  const all = [
    parameter("STRING", { defaultValue: "main" }),
    parameter("TEXT"),
    parameter("BOOLEAN", { defaultValue: true }),
    parameter("INTEGER", { defaultValue: 3 }),
    parameter("CHOICE", { choices: ["a", "b"], required: true }),
  ];

  it("begin at their defaults, and are sent in their kinds", () => {
    const answers = parameterDefaults(all);
    expect(answers).toEqual({ string: "main", text: "", boolean: "true", integer: "3", choice: "" });
    expect(parameterInputs(all, { ...answers, choice: "b", string: "" })).toEqual([
      // An emptied text is a value, where its default would be another one.
      { name: "string", value: { string: "" } },
      { name: "boolean", value: { boolean: true } },
      { name: "integer", value: { integer: 3 } },
      { name: "choice", value: { string: "b" } },
    ]);
  });

  it("are told when they are missing, before the server is asked", () => {
    const questions = parameterQuestions(all);
    const problems = questions.map((question) => wrong(question, { integer: "1.5", boolean: "false" }));
    expect(problems).toEqual([null, null, null, "Write a whole number.", "Give it a value."]);
  });
});

describe("settings", () => {
  const provider = reply<RegisterProviderMutation>("register-provider.done").registerProvider?.provider;
  const settings = settingQuestions(provider?.configurationSchema, { script: "build.sh" });

  it("come from the server's own schema, with what they inherit", () => {
    expect(settings.map(({ name, kind, otherwise }) => [name, kind, otherwise])).toContainEqual(["script", "lines", "build.sh"]);
    const days = settings.find(({ name }) => name === "retention.max_days");
    expect(days).toMatchObject({ kind: "number", min: 1, max: 36_500, otherwise: "not set", label: "Days to keep" });
    expect(days && wrong(days, { "retention.max_days": "0" })).toBe("Write at least 1.");
    expect(grouped(settings).map(({ title, questions }) => [title, questions.length])).toEqual([["Retention", 3], [null, 1]]);
  });

  it("that an engine keeps say so, and inherit nothing where they are its alone", () => {
    const script = settings.find(({ name }) => name === "script");
    if (!script) throw new Error("there is no such setting");
    const kept = heldByEngine(script, "The cluster", true);
    expect(kept).toMatchObject({ otherwise: "build.sh", note: expect.stringContaining("somebody changed it") });
    expect(kept.locked).toBeUndefined();
    expect(heldByEngine(script, "The cluster", false)).toMatchObject({ otherwise: "not set", locked: true });
  });

  it("send what has changed, and give back what was emptied", () => {
    const before = { script: "mine.sh", "retention.max_days": "" };
    expect(settingInputs(settings, before, { script: "", "retention.max_days": "30" })).toEqual([
      { key: "retention.max_days", value: { plain: 30 } },
      { key: "script", value: { inherit: true } },
    ]);
    expect(settingInputs(settings, before, before)).toEqual([]);
  });

  it("take sizes as people write them", () => {
    const [size] = settingQuestions({
      properties: { max: { type: "integer", description: "Bytes that are kept.", default: 1_073_741_824, minimum: 1024, maximum: 2 ** 40 } },
    });
    if (!size) throw new Error("there is no question");
    expect(size).toMatchObject({ kind: "size", otherwise: "1 GiB" });
    const said = ["much", "1 KB", "2 TiB", "500 MB"].map((text) => wrong(size, { max: text }));
    expect(said).toEqual(["Write a size, such as 500 MB or 2 GiB.", "Write at least 1 KiB.", "Write at most 1 TiB.", null]);
    expect(settingInputs([size], {}, { max: "500 MB" })).toEqual([{ key: "max", value: { plain: 500_000_000 } }]);
    expect(settingInputs([size], { max: written(500_000_000, "size") }, { max: "500 MB" })).toEqual([]);
  });

  it("take lists by the line", () => {
    const [list] = settingQuestions({ properties: { names: { type: "array", items: { type: "string" } } } });
    expect(list?.kind).toBe("list");
    expect(settingInputs(list ? [list] : [], {}, { names: "a\n\n b \n" })).toEqual([{ key: "names", value: { plain: ["a", "b"] } }]);
  });
});
