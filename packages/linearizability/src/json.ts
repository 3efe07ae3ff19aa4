/** Histories as JSON, to keep, to send and to read in again; the format is in the README. */

import type { Guards } from "./model.ts";
import type { ClientId, Operation, Outcome, Recorded } from "./operation.ts";
import { asRecord } from "./scalar.ts";

const FORMAT = "holdfast-history";
const VERSION = 1;

/** The text is not a history of this version and model. Nothing was read; look at the text. */
export class HistoryFormatError extends Error {
  readonly code = "HISTORY_FORMAT";

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = "HistoryFormatError";
  }
}

/** The history as JSON, an operation a line. Inputs and outputs must be JSON. */
export function exportHistory(modelName: string, history: Recorded<unknown, unknown>): string {
  const head = `{"format":"${FORMAT}","version":${VERSION},"model":${JSON.stringify(modelName)},`;
  const lines = history.operations.map((operation) => JSON.stringify(toJson(operation)));
  return `${head}"operations":[\n${lines.join(",\n")}\n]}\n`;
}

function toJson({ id, client, input, call, outcome }: Operation<unknown, unknown>): unknown {
  const shared = { id, client, call, input, outcome: outcome.kind };
  if (outcome.kind === "ok") return { ...shared, return: outcome.at, output: outcome.output };
  return outcome.at === undefined ? shared : { ...shared, return: outcome.at };
}

/**
 * Reads what `exportHistory` wrote. `model` must be the one of the history: it tells what inputs
 * and outputs look like. Throws {@link HistoryFormatError}.
 */
export function importHistory<Input, Output>(
  model: Guards<Input, Output> & { readonly name: string },
  text: string,
): Recorded<Input, Output> {
  const root = asRecord(parse(text));
  if (root?.["format"] !== FORMAT) {
    throw new HistoryFormatError(`The format is not ${FORMAT} but ${show(root?.["format"])}`);
  }
  if (root["version"] !== VERSION) {
    throw new HistoryFormatError(`The version is not ${VERSION} but ${show(root["version"])}`);
  }
  if (root["model"] !== model.name) {
    throw new HistoryFormatError(`The model is not ${model.name} but ${show(root["model"])}`);
  }
  const list = root["operations"];
  if (!Array.isArray(list)) throw new HistoryFormatError("There is no list of operations");
  const operations = list.map((item, place) => readOperation(model, item, place));
  const ids = new Set(operations.map(({ id }) => id));
  if (ids.size < operations.length) throw new HistoryFormatError("Two operations have the same id");
  return { operations };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HistoryFormatError(`The text is not JSON: ${String(cause)}`, { cause });
  }
}

function readOperation<Input, Output>(
  model: Guards<Input, Output>,
  item: unknown,
  place: number,
): Operation<Input, Output> {
  const { id, client, call, input, ...rest } = asRecord(item) ?? {};
  const wrong = (what: string, value: unknown): HistoryFormatError =>
    new HistoryFormatError(`Operation at place ${place}: ${what} ${show(value)}`);
  if (!isId(id)) throw wrong("the id is", id);
  if (!isClient(client)) throw wrong("the client is", client);
  if (!isTime(call)) throw wrong("the call is", call);
  if (!model.isInput(input)) throw wrong("the model knows no input", input);
  const outcome = readOutcome(model, rest);
  if (outcome === undefined) throw wrong("the outcome is", rest);
  if (outcome.at !== undefined && outcome.at < call) throw wrong("returns before its call", rest);
  return { id, client, call, input, outcome };
}

function readOutcome<Output>(
  model: Pick<Guards<never, Output>, "isOutput">,
  rest: Readonly<Record<string, unknown>>,
): Outcome<Output> | undefined {
  const { outcome: kind, return: at, output } = rest;
  if (kind === "unknown" && (at === undefined || isTime(at))) return { kind, at };
  if (!isTime(at)) return undefined;
  if (kind === "failed") return { kind, at };
  return kind === "ok" && model.isOutput(output) ? { kind, output, at } : undefined;
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isClient(value: unknown): value is ClientId {
  return typeof value === "string" || isTime(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
