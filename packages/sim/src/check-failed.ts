/** A check of the simulator's that didn't hold. */

/** `check` is constant text, the same for the same bug; `message` adds the values. */
export class CheckFailed extends Error {
  readonly code = "SIM_CHECK";
  readonly check: string;

  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`);
    this.name = "CheckFailed";
    this.check = check;
  }
}
