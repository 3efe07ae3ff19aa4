/** The public surface of @holdfast/linearizability. */

export {
  type AppendListInput,
  type AppendListOutput,
  appendList,
  type Grown,
} from "./append-list.ts";
export {
  type Budget,
  type CheckOptions,
  type CheckResult,
  type CheckStats,
  check,
} from "./check.ts";
export type { Counterexample } from "./counterexample.ts";
export { History, HistoryUseError } from "./history.ts";
export { exportHistory, HistoryFormatError, importHistory } from "./json.ts";
export { type KeyValueInput, type KeyValueOutput, keyValue } from "./key-value.ts";
export type { Foresight, Guards, Model, Observation } from "./model.ts";
export {
  type ClientId,
  type Operation,
  type Outcome,
  type Recorded,
  type Seen,
  UNKNOWN,
} from "./operation.ts";
export { type RegisterInput, type RegisterOutput, register } from "./register.ts";
export type { Scalar } from "./scalar.ts";
export type { Nearest } from "./shrink.ts";
