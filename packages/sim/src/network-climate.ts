/** The weather of a simulated network: what it is without a storm, and the storms. */

import type { Lift } from "./lift.ts";
import { FAIR, type Weather } from "./network-weather.ts";

export class Climate {
  /** Where there is no storm, and the storms, oldest first. */
  #calm: Weather = FAIR;
  #storms: readonly { readonly weather: Weather }[] = [];
  #now: Weather = FAIR;
  #clearings = 0;

  get now(): Weather {
    return this.#now;
  }

  /** Times all storms were ended: old packets don't come again after that. */
  get clearings(): number {
    return this.#clearings;
  }

  /** How it is without a storm; storms stay as they are. */
  settle(weather: Weather): void {
    this.#calm = weather;
    this.#set(this.#storms);
  }

  /** Other weather for a while; of several storms the latest counts. */
  storm(weather: Weather): Lift {
    const storm = { weather };
    this.#set([...this.#storms, storm]);
    return {
      lift: (): void => this.#set(this.#storms.filter((one) => one !== storm)),
    };
  }

  clear(): void {
    this.#set([]);
    this.#clearings++;
  }

  #set(storms: readonly { readonly weather: Weather }[]): void {
    this.#storms = storms;
    this.#now = storms.at(-1)?.weather ?? this.#calm;
  }
}
