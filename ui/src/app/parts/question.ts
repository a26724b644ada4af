import type { ConfigurationInput, ParameterBitsFragment, ParameterInput } from "../api/operations";
import { bytesOf, sized } from "./size";

/** How a value is given. */
export type QuestionKind = "text" | "lines" | "yes-no" | "number" | "size" | "choice" | "list";

/** One value that a form asks for. */
export interface Question {
  readonly name: string;
  readonly label: string;
  readonly help: string | null;
  readonly kind: QuestionKind;
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly min: number | null;
  readonly max: number | null;
  /** What holds when nothing is given, in words; null where nothing does, so that a yes-no is a plain box to tick. */
  readonly otherwise: string | null;
  /** What there is to say of the value that stands there. */
  readonly note?: string;
  /** Whether the value can be seen, and not changed here. */
  readonly locked?: boolean;
}

/** What is typed and chosen: texts, as they stand in the fields, by name. Yes and no are `true` and `false`; a list has a line each. */
export type Answers = Readonly<Record<string, string>>;

const KINDS: Record<string, QuestionKind> = { STRING: "text", TEXT: "lines", BOOLEAN: "yes-no", INTEGER: "number", CHOICE: "choice" };

/** The inputs that a build, or an approval, takes. */
export function parameterQuestions(parameters: readonly ParameterBitsFragment[]): Question[] {
  return parameters.map((one) => ({
    name: one.name,
    label: one.label,
    help: one.help ?? null,
    kind: KINDS[one.kind] ?? "text",
    required: one.required,
    choices: one.choices ?? [],
    min: null,
    max: null,
    otherwise: null,
  }));
}

/** Where the fields of parameters begin: at their defaults. */
export function parameterDefaults(parameters: readonly ParameterBitsFragment[]): Answers {
  return Object.fromEntries(
    parameters.map(({ name, kind, defaultValue }) => [name, defaultValue == null ? (kind === "BOOLEAN" ? "false" : "") : String(defaultValue)]),
  );
}

/** What is sent of them: whatever is not given, and need not be, is left to the server. */
export function parameterInputs(parameters: readonly ParameterBitsFragment[], answers: Answers): ParameterInput[] {
  return parameters.flatMap(({ name, kind, defaultValue }): ParameterInput[] => {
    const text = answers[name] ?? "";
    switch (kind) {
      case "BOOLEAN":
        return [{ name, value: { boolean: text === "true" } }];
      case "INTEGER":
        return text === "" ? [] : [{ name, value: { integer: Number(text) } }];
      case "CHOICE":
        return text === "" ? [] : [{ name, value: { string: text } }];
      default:
        return text === "" && defaultValue == null ? [] : [{ name, value: { string: text } }];
    }
  });
}

/** Problems of parameters are told by their places in what was sent: gives their names in place of those. */
export function byName(sent: readonly ParameterInput[]): (path: readonly string[]) => readonly string[] {
  return (path) => {
    const one = path[0] === "parameters" && path.length > 1 ? sent[Number(path[1])] : undefined;
    return one ? ["parameters", one.name] : path;
  };
}

/** One property of the JSON Schema that the server makes of a kind's settings. */
interface Property {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

/** Settings of a form, and what they inherit. */
export interface Setting extends Question {
  /** A JSON value of this kind is sent. */
  readonly type: string;
}

/** The settings of a JSON Schema, in its order. `inherited` says what holds without a value of one's own, where that is known. */
export function settingQuestions(schema: unknown, inherited: Readonly<Record<string, unknown>> = {}): Setting[] {
  const properties = (schema as { properties?: Record<string, Property> } | null)?.properties ?? {};
  return Object.entries(properties).map(([name, property]) => {
    const type = property.type ?? "string";
    const held = inherited[name] ?? property.default;
    const kind = property.enum ? "choice" : kindOf(property);
    const help = property.description ?? null;
    return {
      name,
      type,
      label: property.title ?? name,
      help: kind === "size" ? `${help} Such as 500 MB or 2 GiB.` : help,
      kind,
      required: false,
      choices: property.enum ?? [],
      min: property.minimum ?? null,
      max: property.maximum ?? null,
      otherwise: held == null ? "not set" : kind === "size" ? written(held, kind) : shown(held),
    };
  });
}

/** A setting whose value is the engine's: it stays as it is there until it is changed here, if it can be. */
export function heldByEngine(setting: Setting, engine: string, overridable: boolean): Setting {
  if (overridable) return { ...setting, note: `As it is on ${engine}, where somebody changed it. It stays so until you change it here.` };
  return { ...setting, otherwise: "not set", locked: true, note: `As it is on ${engine}: it can be changed there.` };
}

function kindOf({ type, description }: Property): QuestionKind {
  if (type === "boolean") return "yes-no";
  // A schema has no word for units: what it is about begins with them.
  if (type === "integer" && description?.startsWith("Bytes ")) return "size";
  if (type === "integer" || type === "number") return "number";
  // Certificates and whole files are pasted into texts, so that each may have lines.
  return type === "array" ? "list" : "lines";
}

/** A value as people read it. */
export function shown(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(String).join(", ");
  return value === "" ? "empty" : String(value);
}

/** A value as it stands in its field. */
export function written(value: unknown, kind?: QuestionKind): string {
  if (value == null) return "";
  if (kind === "size" && typeof value === "number") return sized(value);
  return Array.isArray(value) ? value.map(String).join("\n") : String(value);
}

/** What is sent of settings: what has changed since `before`; an emptied field goes back to what it inherits. */
export function settingInputs(settings: readonly Setting[], before: Answers, now: Answers): ConfigurationInput[] {
  return settings.flatMap(({ name, type, kind }): ConfigurationInput[] => {
    const text = now[name] ?? "";
    if (text === (before[name] ?? "")) return [];
    return [{ key: name, value: text.trim() === "" ? { inherit: true } : { plain: kind === "size" ? bytesOf(text) : value(type, text) } }];
  });
}

function value(type: string, text: string): unknown {
  switch (type) {
    case "boolean":
      return text === "true";
    case "integer":
    case "number":
      return Number(text);
    case "array":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
    default:
      return text;
  }
}

/** What can be said against an answer without the server; null where nothing can. */
export function wrong(question: Question, answers: Answers): string | null {
  const text = answers[question.name] ?? "";
  if (text.trim() === "") return question.required && question.kind !== "yes-no" ? "Give it a value." : null;
  const isSize = question.kind === "size";
  if (question.kind !== "number" && !isSize) return null;
  const number = isSize ? bytesOf(text) : Number(text);
  if (number === null) return "Write a size, such as 500 MB or 2 GiB.";
  if (!Number.isSafeInteger(number)) return "Write a whole number.";
  const said = isSize ? sized : String;
  if (question.min !== null && number < question.min) return `Write at least ${said(question.min)}.`;
  if (question.max !== null && number > question.max) return `Write at most ${said(question.max)}.`;
  return null;
}

/** Settings that belong together: those whose dotted names begin alike, where there are several. */
export interface Group<One extends Question> {
  readonly title: string | null;
  readonly questions: readonly One[];
}

export function grouped<One extends Question>(questions: readonly One[]): Group<One>[] {
  const count = new Map<string, number>();
  for (const { name } of questions) count.set(prefix(name), (count.get(prefix(name)) ?? 0) + 1);
  const groups = new Map<string, One[]>();
  for (const question of questions) {
    const key = (count.get(prefix(question.name)) ?? 0) > 1 && question.name.includes(".") ? prefix(question.name) : "";
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  return [...groups].map(([key, all]) => ({ title: key ? key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ") : null, questions: all }));
}

function prefix(name: string): string {
  return name.split(".", 1)[0] ?? name;
}
