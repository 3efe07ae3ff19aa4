/** A check of the simulator's that didn't hold; it ends the run and becomes its failure. */

/** `check` is constant text, the same for the same bug; `message` adds the values. */
export class CheckFailed extends Error {
  readonly check: string;

  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`);
    this.name = "CheckFailed";
    this.check = check;
  }
}
