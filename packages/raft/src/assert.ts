/** Assertions that stay on in production: a broken one means a bug in Holdfast, never bad input. */

/**
 * Thrown when an invariant of the core does not hold. The replica stops and keeps its disk
 * untouched.
 */
export class InvariantError extends Error {
  readonly code = "RAFT_INVARIANT";

  constructor(message: string) {
    super(message);
    this.name = "InvariantError";
  }
}

/**
 * Throws {@link InvariantError} unless `condition` holds. `message` must be constant text: a
 * template would cost more than the check.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
